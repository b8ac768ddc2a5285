/* store.c - libdtls-redis: what is no URL is refused, and what is one makes a store. */
#include <dtls/redis.h>

int main(void)
{
    struct dtls_redis_settings settings = { .url = "http://127.0.0.1" };
    struct dtls_redis *redis = NULL;

    if (dtls_redis_new(EV_DEFAULT, &settings, &redis) != DTLS_ERR_ARGUMENT || redis)
        return 1;
    settings.url = "redis://127.0.0.1";
    if (dtls_redis_new(EV_DEFAULT, &settings, &redis) != DTLS_OK || !dtls_redis_store(redis))
        return 1;
    dtls_redis_free(redis);
    return 0;
}
