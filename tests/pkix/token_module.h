/* token_module.h - a PKCS#11 module that is SoftHSM's, and fails as a test tells it to. */
#ifndef DTLS_TESTS_PKIX_TOKEN_MODULE_H
#define DTLS_TESTS_PKIX_TOKEN_MODULE_H

#include <stdbool.h>

/* Some of PKCS#11's numbers, for `loses`. */
enum { TOKEN_DEVICE_REMOVED = 0x32, TOKEN_KEY_HANDLE_INVALID = 0x60, TOKEN_SESSION_HANDLE_INVALID = 0xb3 };

/* The module exports one, as "token_mood". */
struct token_mood {
    bool gone;           /* pulled out: no slot has a token, and whatever is open fails */
    unsigned long loses; /* pulled out and put back in: the session of the next signature ends with this CKR_ number */
    bool pin_is_another; /* logging in fails */
    bool one_try_left;   /* before it locks */
    bool no_pss;         /* as many a smart card */
    bool no_pkcs1;
    unsigned logins; /* how often a PIN was given */
};

/* Where SoftHSM's own module is; the environment variable of that name tells token_module.c. NULL: not installed. */
#define TOKEN_MODULE_BELOW "TOKEN_MODULE_BELOW"

#endif
