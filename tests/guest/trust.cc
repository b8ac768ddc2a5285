// trust.cc - libdtls-pkix from C++: a client's verifier is refused without a name.
#include <dtls/pkix.h>

int main()
{
    dtls_pkix_trust *trust = nullptr;
    dtls_pkix *pkix = nullptr;
    dtls_pkix_settings settings = {};

    if (dtls_pkix_trust_new(&trust) != DTLS_OK)
        return 1;
    settings.role = DTLS_CLIENT;
    int made = dtls_pkix_new(trust, &settings, &pkix);
    dtls_pkix_trust_free(trust);
    return made == DTLS_ERR_ARGUMENT && pkix == nullptr ? 0 : 1;
}
