/* ev_path_test.c - what libdtls-ev asks the kernel about paths, and when. The kernel is the real one over loopback, but
 * for what a test makes it say (ev_kernel.h). */
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dtls/ev.h"
#include "tests/interop/ev_kernel.h"
#include "tests/tap.h"

/* ---- two clients and a server that echoes ---- */

enum { ECHOES_S = 3 };

struct side {
    struct dtls_ev_conn *conn;
    size_t mtu; /* that the last event MTU brought; 0: none came */
    unsigned data, ended;
};

struct scene {
    struct ev_loop *loop;
    struct dtls_config client_config, server_config;
    struct dtls_ev_server *server;
    struct side client[2], served[2]; /* in the same order */
    ev_timer end;
};

static void on_end(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)timer;
    (void)happened;
    ev_break(loop, EVBREAK_ALL);
}

static void count(struct side *side, const struct dtls_event *event)
{
    if (event->type == DTLS_EVENT_MTU)
        side->mtu = event->mtu;
    side->data += event->type == DTLS_EVENT_DATA;
    side->ended += event->type == DTLS_EVENT_FAILED || event->type == DTLS_EVENT_CLOSED;
}

static void on_client(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct scene *scene = arg;

    count(&scene->client[conn == scene->client[1].conn], event);
}

static void on_served(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct scene *scene = arg;
    struct side *side = &scene->served[scene->served[0].conn != NULL && scene->served[0].conn != conn];

    side->conn = conn;
    count(side, event);
    if (event->type == DTLS_EVENT_DATA)
        dtls_ev_send(conn, event->data.at, event->data.len, NULL);
}

/* Until `*number` is at least `wanted`. */
static bool run_until(struct scene *scene, const unsigned *number, unsigned wanted)
{
    dtls_time end = dtls_ev_now() + ECHOES_S * 1000000;

    while (*number < wanted && dtls_ev_now() < end) {
        ev_timer_stop(scene->loop, &scene->end);
        ev_timer_set(&scene->end, 0.1, 0.);
        ev_timer_start(scene->loop, &scene->end);
        ev_run(scene->loop, EVRUN_ONCE);
    }
    return *number >= wanted;
}

static int say(struct scene *scene, size_t len, size_t *fits)
{
    static const uint8_t data[1500];

    return dtls_ev_send(scene->client[0].conn, data, len, fits);
}

/* `len` bytes go to the server and back. */
static bool echo(struct scene *scene, size_t len)
{
    return say(scene, len, NULL) == DTLS_OK && run_until(scene, &scene->client[0].data, scene->client[0].data + 1);
}

static bool connect_client(struct scene *scene, int number)
{
    struct sockaddr_in to;
    socklen_t len = sizeof to;

    if (dtls_ev_server_address(scene->server, (struct sockaddr *)&to, &len) != 0 ||
        dtls_ev_connect(scene->loop, &scene->client_config, (struct sockaddr *)&to, len, NULL, on_client, scene,
                        &scene->client[number].conn) != DTLS_OK)
        return false;
    for (int i = 0; i < 1000 && !dtls_conn_is_open(dtls_ev_engine(scene->client[number].conn)); i++)
        ev_run(scene->loop, EVRUN_ONCE);
    return scene->served[number].conn != NULL;
}

static void set_scene(struct scene *scene)
{
    static struct dtls_identity *identity;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int64_t now = (int64_t)time(NULL);

    if (identity == NULL && dtls_identity_generate(DTLS_KEY_ECDSA_P256, "ev_path", now - 3600, now + 3600, NULL, NULL,
                                                   &identity) != DTLS_OK)
        CU_FAIL_FATAL("no identity");
    memset(scene, 0, sizeof *scene);
    dtls_config_init(&scene->server_config);
    scene->server_config.identity = identity;
    dtls_config_init(&scene->client_config);
    scene->client_config.verifier = dtls_verifier_accept();
    scene->loop = ev_loop_new(EVFLAG_AUTO);
    ev_init(&scene->end, on_end);
    CU_ASSERT_EQUAL_FATAL(dtls_ev_listen(scene->loop, &scene->server_config, (struct sockaddr *)&any, sizeof any, NULL,
                                         on_served, scene, &scene->server),
                          DTLS_OK);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_TRUE_FATAL(connect_client(scene, i));
    CU_ASSERT_TRUE(echo(scene, 100)); /* nothing of the handshakes is under way any more */
    memset(&kernel, 0, sizeof kernel);
}

static void clear_scene(struct scene *scene)
{
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(scene->client[i].ended + scene->served[i].ended, 0);
        dtls_ev_free(scene->client[i].conn);
    }
    dtls_ev_server_free(scene->server);
    ev_timer_stop(scene->loop, &scene->end);
    ev_loop_destroy(scene->loop);
    memset(&kernel, 0, sizeof kernel);
}

/* ---- the tests ---- */

enum { RECORDS = 200, EXPANSION = 13 + 8 + 16 };

static void a_record_costs_the_calls_that_carry_it(void)
{
    struct scene scene;

    set_scene(&scene);
    for (int i = 0; i < RECORDS; i++)
        CU_ASSERT_TRUE(echo(&scene, 1000));
    CU_ASSERT_EQUAL(kernel.sent, 2 * RECORDS);
    CU_ASSERT_TRUE(kernel.received <= 2 * 2 * RECORDS); /* a client's once more, in vain, which is how a burst ends */
    CU_ASSERT_EQUAL(kernel.read_errors + kernel.asked + kernel.set, 0);
    clear_scene(&scene);
}

static void a_record_that_the_kernel_refuses_is_refused_with_what_fits(void)
{
    struct scene scene;
    size_t fits = 0;

    set_scene(&scene);
    kernel.packet = 600;
    CU_ASSERT_EQUAL(say(&scene, 1000, &fits), DTLS_ERR_LARGE_PACKET);
    CU_ASSERT_EQUAL(fits, 600 - 28 - EXPANSION);
    CU_ASSERT_EQUAL(scene.client[0].mtu, 572);
    CU_ASSERT_TRUE(echo(&scene, fits));
    CU_ASSERT_EQUAL(kernel.asked, 1);
    CU_ASSERT_EQUAL(scene.client[1].mtu + scene.served[0].mtu, 0);
    clear_scene(&scene);
}

static void a_server_asks_about_one_client(void)
{
    struct scene scene;
    size_t fits = 0;
    static const uint8_t data[1000];

    set_scene(&scene);
    kernel.packet = 600;
    CU_ASSERT_EQUAL(dtls_ev_send(scene.served[1].conn, data, sizeof data, &fits), DTLS_ERR_LARGE_PACKET);
    CU_ASSERT_EQUAL(fits, 600 - 28 - EXPANSION);
    CU_ASSERT_EQUAL(scene.served[1].mtu, 572);
    CU_ASSERT_EQUAL(scene.served[0].mtu, 0);
    clear_scene(&scene);
}

static void a_kernel_that_believes_in_less_than_548_may_cut(void)
{
    struct scene scene;
    size_t fits = 0;

    set_scene(&scene);
    kernel.packet = 552; /* the least that ICMP brings Linux down to */
    CU_ASSERT_EQUAL(say(&scene, 1000, &fits), DTLS_ERR_LARGE_PACKET);
    CU_ASSERT_EQUAL(fits, 548 - EXPANSION);
    CU_ASSERT_EQUAL(scene.client[0].mtu, 548);
    CU_ASSERT_TRUE(echo(&scene, fits));
    CU_ASSERT_TRUE(kernel.in_fragments > 0);
    CU_ASSERT_FALSE(kernel.fragments); /* for the others */
    clear_scene(&scene);
}

static void a_kernel_that_does_not_say_what_fits_may_cut(void)
{
    struct scene scene;

    set_scene(&scene);
    kernel.packet = 600;
    kernel.silent = true;
    CU_ASSERT_TRUE(echo(&scene, 1000));
    CU_ASSERT_EQUAL(scene.client[0].mtu, 0);
    CU_ASSERT_FALSE(kernel.fragments);
    clear_scene(&scene);
}

static void a_kernel_without_these_options_does(void)
{
    struct scene scene;

    kernel.old = true;
    set_scene(&scene);
    CU_ASSERT_TRUE(echo(&scene, 1000));
    clear_scene(&scene);
}

static void an_error_of_another_datagram_costs_no_record(void)
{
    static const int errors[] = { ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EACCES, EPROTO, EMSGSIZE };
    struct scene scene;

    set_scene(&scene);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        kernel.send_error = errors[i]; /* the client's */
        CHECK_CASE(echo(&scene, 1000), "%s, sending", strerror(errors[i]));
        kernel.receive_error = errors[i]; /* the server's */
        CHECK_CASE(echo(&scene, 1000), "%s, receiving", strerror(errors[i]));
    }
    CU_ASSERT_EQUAL(scene.client[0].mtu + scene.served[0].mtu, 0);
    clear_scene(&scene);
}

/* The server's socket has an error about a datagram to client `number`; the client's next record makes it look. */
static void tell(struct scene *scene, int number, struct sock_extended_err word)
{
    socklen_t len;
    const struct sockaddr *peer = dtls_ev_peer(scene->served[number].conn, &len);

    memcpy(&kernel.to, peer, len);
    kernel.word = word;
    kernel.has_word = true;
    say(scene, 100, NULL);
    kernel.receive_error = (int)word.ee_errno;
    run_until(scene, &scene->client[0].data, scene->client[0].data + 1);
}

static void icmp_is_for_the_association_that_it_names(void)
{
    const struct sock_extended_err too_big = { .ee_errno = EMSGSIZE, .ee_origin = SO_EE_ORIGIN_ICMP, .ee_info = 576 };
    struct scene scene;

    set_scene(&scene);
    kernel.packet = 600; /* which is what counts */
    tell(&scene, 1, too_big);
    CU_ASSERT_FALSE(kernel.has_word);
    CU_ASSERT_EQUAL(scene.served[1].mtu, 572);
    CU_ASSERT_EQUAL(scene.served[0].mtu + scene.client[0].mtu + scene.client[1].mtu, 0);
    clear_scene(&scene);
}

static void other_words_change_nothing(void)
{
    static const struct sock_extended_err words[] = {
        { .ee_errno = ECONNREFUSED, .ee_origin = SO_EE_ORIGIN_ICMP, .ee_info = 576 },
        { .ee_errno = EHOSTUNREACH, .ee_origin = SO_EE_ORIGIN_ICMP, .ee_info = 576 },
        { .ee_errno = EMSGSIZE, .ee_origin = SO_EE_ORIGIN_TIMESTAMPING, .ee_info = 576 },
        { .ee_errno = EMSGSIZE, .ee_origin = SO_EE_ORIGIN_LOCAL, .ee_info = 576 }, /* the sender has asked already */
    };
    struct scene scene;

    set_scene(&scene);
    kernel.packet = 600;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        tell(&scene, 1, words[i]);
        CHECK_CASE(!kernel.has_word && kernel.asked == 0, "word %zu: asked", i);
    }
    kernel.packet = 1500; /* the kernel has not believed it */
    tell(&scene, 1, (struct sock_extended_err){ .ee_errno = EMSGSIZE, .ee_origin = SO_EE_ORIGIN_ICMP, .ee_info = 68 });
    CU_ASSERT_EQUAL(kernel.asked, 1);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(scene.client[i].mtu + scene.served[i].mtu, 0);
    CU_ASSERT_TRUE(echo(&scene, 1000));
    clear_scene(&scene);
}

static CU_TestInfo ev_path_tests[] = {
    { "a record costs the system calls that carry it and no more", a_record_costs_the_calls_that_carry_it },
    { "a record that the kernel refuses is refused with what fits",
      a_record_that_the_kernel_refuses_is_refused_with_what_fits },
    { "a server asks about one client", a_server_asks_about_one_client },
    { "a kernel that believes in less than 548 bytes may fragment", a_kernel_that_believes_in_less_than_548_may_cut },
    { "a kernel that does not say what fits may fragment", a_kernel_that_does_not_say_what_fits_may_cut },
    { "a kernel without these options will do", a_kernel_without_these_options_does },
    { "an error of another datagram costs no record", an_error_of_another_datagram_costs_no_record },
    { "ICMP is for the association that it names", icmp_is_for_the_association_that_it_names },
    { "other words of the error queue change nothing", other_words_change_nothing },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "ev_path", ev_path_tests);
}
