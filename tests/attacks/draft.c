/* draft.c - bytes behind each other, with lengths in front. */
#include "tests/attacks/draft.h"

#include <string.h>

#include "messages/handshake_header.h"
#include "tests/box/record_view.h"

struct text {
    uint8_t *bytes;
    size_t len;
};

static void put(struct text *to, const void *bytes, size_t len)
{
    if (len > 0)
        memcpy(to->bytes + to->len, bytes, len);
    to->len += len;
}

static void put_number(struct text *to, size_t size, size_t number)
{
    while (size-- > 0)
        to->bytes[to->len++] = (uint8_t)(number >> 8 * size);
}

static void put_list(struct text *to, size_t size, struct dtls_bytes bytes)
{
    put_number(to, size, bytes.len);
    put(to, bytes.at, bytes.len);
}

static void put_extension(struct text *to, const struct draft *draft, uint16_t type, const void *body, size_t len)
{
    if (draft->without == type || (draft->extra == type && draft->extra != 0 && draft->extra_body.at != body))
        return;
    put_number(to, 2, type);
    put_list(to, 2, (struct dtls_bytes){ body, len });
}

static void put_extensions(struct text *to, const struct draft *draft, bool client)
{
    uint8_t info[256];
    size_t at = to->len;

    to->len += 2;
    if (client) {
        put_extension(to, draft, 10, "\0\4\0\35\0\27", 6);
        put_extension(to, draft, 11, "\1\0", 2);
        put_extension(to, draft, 13, "\0\2\4\3", 4);
    }
    put_extension(to, draft, 23, "", 0);
    info[0] = (uint8_t)draft->renegotiation_info.len;
    if (draft->renegotiation_info.len > 0)
        memcpy(info + 1, draft->renegotiation_info.at, draft->renegotiation_info.len);
    put_extension(to, draft, 0xff01, info, 1 + draft->renegotiation_info.len);
    for (int times = draft->extra == 0 || draft->extra == DRAFT_NONE ? 2 : 0; times < 1 + draft->extra_twice; times++)
        put_extension(to, draft, draft->extra, draft->extra_body.at, draft->extra_body.len);
    to->bytes[at] = (uint8_t)((to->len - at - 2) >> 8);
    to->bytes[at + 1] = (uint8_t)(to->len - at - 2);
}

static void put_start(struct text *to, const struct draft *draft)
{
    put_number(to, 2, 0xfefd);
    memset(to->bytes + to->len, draft->random, 32);
    to->len += 32;
    put_list(to, 1, draft->session_id);
}

size_t draft_client_hello(const struct draft *draft, uint8_t out[SIEGE_MOST])
{
    static const uint8_t usual[] = { 0xc0, 0x2b };
    struct text text = { .bytes = out };

    put_start(&text, draft);
    put_list(&text, 1, draft->cookie);
    put_list(&text, 2, draft->suites.len > 0 ? draft->suites : (struct dtls_bytes){ usual, sizeof usual });
    put_list(&text, 1, (struct dtls_bytes){ (const uint8_t *)"", 1 });
    put_extensions(&text, draft, true);
    return text.len;
}

size_t draft_server_hello(const struct draft *draft, uint8_t out[SIEGE_MOST])
{
    struct text text = { .bytes = out };

    put_start(&text, draft);
    put_number(&text, 2, draft->suite != 0 ? draft->suite : DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256);
    put_number(&text, 1, 0);
    put_extensions(&text, draft, false);
    return text.len;
}

static struct siege_fragment whole(uint8_t type, const uint8_t *body, size_t len)
{
    return (struct siege_fragment){
        .type = type, .length = (uint32_t)len, .fragment_length = (uint32_t)len, .present = len, .bytes = body
    };
}

void draft_say_client_hello(struct siege *siege, const struct draft *draft)
{
    uint8_t body[SIEGE_MOST];
    struct siege_fragment fragment = whole(DTLS_CLIENT_HELLO, body, draft_client_hello(draft, body));

    siege_say(siege, SERVER, &fragment);
}

void draft_say_server_hello(struct siege *siege, const struct draft *draft)
{
    uint8_t body[SIEGE_MOST];
    struct siege_fragment fragment = whole(DTLS_SERVER_HELLO, body, draft_server_hello(draft, body));

    siege_say(siege, CLIENT, &fragment);
}

size_t draft_client_hello_datagram(const struct draft *draft, uint8_t out[SIEGE_MOST + 25])
{
    uint8_t body[SIEGE_MOST];
    struct siege_fragment fragment = whole(DTLS_CLIENT_HELLO, body, draft_client_hello(draft, body));
    size_t len = siege_write_fragment(out + RECORD_HEADER_LEN, &fragment);

    record_view_header(out, RECORD_HANDSHAKE, 0, 0, len);
    return RECORD_HEADER_LEN + len;
}

int draft_verdict(const struct siege *siege, enum net_end end)
{
    const struct pair_event *failed = pair_last(siege->pair, end, DTLS_EVENT_FAILED);

    return failed == NULL ? DTLS_OK : failed->error;
}
