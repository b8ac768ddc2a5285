/* draft.h - hellos written byte by byte, so that they can be wrong in ways in which no engine of ours would write them.
 * What is not said is as our own engines say it. */
#ifndef DTLS_TESTS_ATTACKS_DRAFT_H
#define DTLS_TESTS_ATTACKS_DRAFT_H

#include "tests/attacks/siege.h"

enum { DRAFT_NONE = 0xfffe }; /* no extension has this number */

struct draft {
    uint8_t random; /* all 32 bytes are this */
    struct dtls_bytes session_id, cookie;
    struct dtls_bytes suites; /* of a ClientHello; empty: ECDHE-ECDSA with AES-128-GCM */
    uint16_t suite;           /* of a ServerHello; 0: the same */
    struct dtls_bytes renegotiation_info;
    uint16_t without; /* the number of the extension that is left out; 0: none */
    uint16_t extra;   /* one more, or one in place of ours; DRAFT_NONE (and 0): none */
    struct dtls_bytes extra_body;
    bool extra_twice;
};

/* The body of the message; returns its length. */
size_t draft_client_hello(const struct draft *draft, uint8_t out[SIEGE_MOST]);
size_t draft_server_hello(const struct draft *draft, uint8_t out[SIEGE_MOST]);

/* Says it to an end, with message_seq 0. */
void draft_say_client_hello(struct siege *siege, const struct draft *draft);
void draft_say_server_hello(struct siege *siege, const struct draft *draft);

/* A whole datagram in the clear with it, with sequence 0 and message_seq 0; returns its length. */
size_t draft_client_hello_datagram(const struct draft *draft, uint8_t out[SIEGE_MOST + 25]);

/* What an end has died of; DTLS_OK while it lives. */
int draft_verdict(const struct siege *siege, enum net_end end);

#endif
