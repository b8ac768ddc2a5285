// loop.cc - libdtls-ev from C++: one call into each of the two libraries.
#include <dtls/dtls.h>
#include <dtls/ev.h>

int main()
{
    dtls_config config;

    dtls_config_init(&config);
    return dtls_ev_now() > 0 && config.mtu == 1200 ? 0 : 1;
}
