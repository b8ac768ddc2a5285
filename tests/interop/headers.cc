// headers.cc - every public header in a C++ program, and one call into each library.
#include <dtls/dtls.h>
#include <dtls/ev.h>

int main()
{
    dtls_config config;

    dtls_config_init(&config);
    return dtls_ev_now() > 0 && config.mtu == 1200 ? 0 : 1;
}
