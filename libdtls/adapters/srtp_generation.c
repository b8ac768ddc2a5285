/* srtp_generation.c - the only file that knows libsrtp. */
#include "adapters/srtp_generation.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <srtp2/srtp.h>
#include <string.h>

#include "bytes/reader.h"
#include "bytes/writer.h"
#include "crypto/secret.h"

enum { SRTCP_WORD = 4, ENCRYPTED = 0x80 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_initialised;

static void initialise(void)
{
    is_initialised = srtp_init() == srtp_err_status_ok;
}

bool dtls_srtp_library_init(void)
{
    return pthread_once(&once, initialise) == 0 && is_initialised;
}

static bool is_aead(uint16_t profile)
{
    return profile == DTLS_SRTP_AEAD_AES_128_GCM || profile == DTLS_SRTP_AEAD_AES_256_GCM;
}

static size_t tag_len(const struct dtls_srtp_generation *generation, bool is_rtcp)
{
    /* The short tag of profile 2 is RTP's alone (RFC 5764, 4.1.2); an AEAD's is part of the ciphertext. */
    if (is_aead(generation->keys.profile))
        return 16;
    return !is_rtcp && generation->keys.profile == DTLS_SRTP_AES128_CM_HMAC_SHA1_32 ? 4 : 10;
}

static int error_of(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return DTLS_OK;
    case srtp_err_status_alloc_fail:
        return DTLS_ERR_NO_MEMORY;
    case srtp_err_status_key_expired:
        return DTLS_ERR_EXHAUSTED;
    default:
        return DTLS_SRTP_ERR_LIBSRTP;
    }
}

/* The policy of one stream, or of all (type any), and its key, which is written to `master`. */
static int make_policy(const struct dtls_srtp_generation *generation, bool is_sent, srtp_ssrc_t ssrc,
                       uint8_t master[DTLS_SRTP_MAX_KEY + DTLS_SRTP_MAX_SALT], srtp_policy_t *policy)
{
    const struct dtls_srtp_keys *keys = &generation->keys;
    srtp_profile_t profile = (srtp_profile_t)keys->profile;

    *policy = (srtp_policy_t){ .ssrc = ssrc, .key = master, .window_size = generation->window };
    if (srtp_crypto_policy_set_from_profile_for_rtp(&policy->rtp, profile) != srtp_err_status_ok ||
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy->rtcp, profile) != srtp_err_status_ok)
        return DTLS_SRTP_ERR_PROFILE;
    memcpy(master, is_sent ? keys->send_key : keys->receive_key, keys->key_len);
    memcpy(master + keys->key_len, is_sent ? keys->send_salt : keys->receive_salt, keys->salt_len);
    return DTLS_OK;
}

static int make_context(const struct dtls_srtp_generation *generation, bool is_sent, srtp_t *out)
{
    uint8_t master[DTLS_SRTP_MAX_KEY + DTLS_SRTP_MAX_SALT];
    srtp_policy_t policy;
    srtp_ssrc_t any = { is_sent ? ssrc_any_outbound : ssrc_any_inbound, 0 };
    int error = make_policy(generation, is_sent, any, master, &policy);

    if (error == DTLS_OK)
        error = error_of(srtp_create(out, &policy));
    dtls_wipe(master, sizeof master);
    return error;
}

static bool lengths_fit(const struct dtls_srtp_keys *keys)
{
    switch (keys->profile) {
    case DTLS_SRTP_AES128_CM_HMAC_SHA1_80:
    case DTLS_SRTP_AES128_CM_HMAC_SHA1_32:
        return keys->key_len == 16 && keys->salt_len == 14;
    case DTLS_SRTP_AEAD_AES_128_GCM:
        return keys->key_len == 16 && keys->salt_len == 12;
    case DTLS_SRTP_AEAD_AES_256_GCM:
        return keys->key_len == 32 && keys->salt_len == 12;
    default:
        return false;
    }
}

int dtls_srtp_generation_open(struct dtls_srtp_generation *generation, const struct dtls_srtp_keys *keys, size_t window)
{
    if (keys->mki_len > DTLS_SRTP_LONGEST_MKI)
        return DTLS_SRTP_ERR_MKI;
    if (!lengths_fit(keys))
        return DTLS_SRTP_ERR_PROFILE;

    memset(generation, 0,
           sizeof *generation); /* field by field: a compound literal would leave its keys on the stack */
    generation->epoch = keys->epoch;
    generation->keys = *keys;
    generation->window = window;
    memcpy(generation->mki.at, keys->mki, keys->mki_len);
    generation->mki.len = keys->mki_len;
    /* RFC 3711, 3.1, has the tag behind the MKI; an AEAD has none of that kind (RFC 7714, 8.2). */
    generation->mki.behind_rtp = is_aead(keys->profile) ? 0 : (uint8_t)tag_len(generation, false);
    generation->mki.behind_rtcp = is_aead(keys->profile) ? 0 : (uint8_t)tag_len(generation, true);

    int error = make_context(generation, true, &generation->send);
    if (error == DTLS_OK)
        error = make_context(generation, false, &generation->receive);
    if (error != DTLS_OK)
        dtls_srtp_generation_close(generation);
    return error;
}

void dtls_srtp_generation_close(struct dtls_srtp_generation *generation)
{
    if (generation->send != NULL)
        srtp_dealloc(generation->send);
    if (generation->receive != NULL)
        srtp_dealloc(generation->receive);
    dtls_wipe(generation, sizeof *generation);
}

void dtls_srtp_generation_end_sending(struct dtls_srtp_generation *generation)
{
    if (generation->send != NULL)
        srtp_dealloc(generation->send);
    generation->send = NULL;
    dtls_wipe(generation->keys.send_key, sizeof generation->keys.send_key);
    dtls_wipe(generation->keys.send_salt, sizeof generation->keys.send_salt);
}

size_t dtls_srtp_generation_overhead(const struct dtls_srtp_generation *generation, bool is_rtcp)
{
    return tag_len(generation, is_rtcp) + (is_rtcp ? SRTCP_WORD : 0) + generation->mki.len;
}

/* libsrtp makes streams by itself, but all of them with a counter of 0; and a counter can be set only in a stream. */
static int set_counter(struct dtls_srtp_generation *generation, bool is_sent, const struct dtls_srtp_packet *packet)
{
    srtp_t context = is_sent ? generation->send : generation->receive;
    uint8_t master[DTLS_SRTP_MAX_KEY + DTLS_SRTP_MAX_SALT];
    srtp_policy_t policy;
    uint32_t unused;

    if (packet->is_rtcp)
        return DTLS_OK; /* has its index inside */
    if (srtp_get_stream_roc(context, packet->ssrc, &unused) != srtp_err_status_ok) {
        if (packet->roc == 0)
            return DTLS_OK;
        int error = make_policy(generation, is_sent, (srtp_ssrc_t){ ssrc_specific, packet->ssrc }, master, &policy);
        if (error == DTLS_OK)
            error = error_of(srtp_add_stream(context, &policy));
        dtls_wipe(master, sizeof master);
        if (error != DTLS_OK)
            return error;
    }
    /* 0 is "as before" to libsrtp, whose own guess is the same there: nothing in this stream is newer than what the
     * session has seen, and that is less than 2^15 packets ahead of this one. */
    return error_of(srtp_set_stream_roc(context, packet->ssrc, packet->roc));
}

int dtls_srtp_generation_protect(struct dtls_srtp_generation *generation, const struct dtls_srtp_packet *packet,
                                 uint8_t *scratch, size_t *len)
{
    const struct dtls_srtp_mki *mki = &generation->mki;
    size_t behind = packet->is_rtcp ? mki->behind_rtcp : mki->behind_rtp;
    int n = (int)*len;
    int error = set_counter(generation, true, packet);

    if (error != DTLS_OK)
        return error;
    error = error_of(packet->is_rtcp ? srtp_protect_rtcp(generation->send, scratch, &n)
                                     : srtp_protect(generation->send, scratch, &n));
    if (error != DTLS_OK)
        return error;
    /* libsrtp could do this, but 2.5 does not find an MKI in RTCP where RTP's tag has another length. */
    uint8_t *at = scratch + (size_t)n - behind;
    memmove(at + mki->len, at, behind);
    memcpy(at, mki->at, mki->len);
    *len = (size_t)n + mki->len;
    return DTLS_OK;
}

/* The packet in three: what is before the MKI, the MKI, what is behind it. */
static bool cut(const struct dtls_srtp_mki *mki, bool is_rtcp, struct dtls_bytes bytes, struct dtls_bytes out[3])
{
    size_t behind = is_rtcp ? mki->behind_rtcp : mki->behind_rtp;
    struct dtls_reader reader = dtls_reader_of(bytes);

    if (bytes.len < behind + mki->len)
        return false;
    out[0] = dtls_read_bytes(&reader, bytes.len - behind - mki->len);
    out[1] = dtls_read_bytes(&reader, mki->len);
    out[2] = dtls_read_bytes(&reader, behind);
    return dtls_reader_finished(&reader);
}

bool dtls_srtp_mki_fits(const struct dtls_srtp_mki *mki, bool is_rtcp, struct dtls_bytes bytes)
{
    struct dtls_bytes parts[3];

    return cut(mki, is_rtcp, bytes, parts) && dtls_bytes_equal(parts[1], dtls_view(mki->at, mki->len));
}

/* SRTCP that says of itself that it is not encrypted is none of ours (RFC 5764, 4.1.2). libsrtp's GCM on NSS must not
 * see it: where the header's length comes close to its limit, it fails half-way and verifies nothing more after that.
 */
static bool is_encrypted(const struct dtls_srtp_generation *generation, const uint8_t *scratch, size_t len)
{
    size_t behind = is_aead(generation->keys.profile) ? 0 : tag_len(generation, true);
    struct dtls_reader reader = dtls_reader_of(dtls_view(scratch, len));

    dtls_read_bytes(&reader, len - behind - SRTCP_WORD);
    return (dtls_read_u8(&reader) & ENCRYPTED) != 0;
}

enum dtls_srtp_verdict dtls_srtp_generation_unprotect(struct dtls_srtp_generation *generation,
                                                      const struct dtls_srtp_packet *packet, struct dtls_bytes bytes,
                                                      uint8_t *scratch, size_t *len)
{
    struct dtls_bytes parts[3];

    if (bytes.len < packet->header_len + dtls_srtp_generation_overhead(generation, packet->is_rtcp) ||
        !cut(&generation->mki, packet->is_rtcp, bytes, parts))
        return DTLS_SRTP_SHORT;
    if (!dtls_bytes_equal(parts[1], dtls_view(generation->mki.at, generation->mki.len)))
        return DTLS_SRTP_OTHER_MKI;
    struct dtls_writer to = dtls_writer_to(scratch, bytes.len);
    dtls_write_bytes(&to, parts[0]);
    dtls_write_bytes(&to, parts[2]);
    int n = (int)to.len;
    if (packet->is_rtcp && !is_encrypted(generation, scratch, (size_t)n))
        return DTLS_SRTP_FORGED;

    int error = set_counter(generation, false, packet);
    if (error != DTLS_OK)
        return DTLS_SRTP_NO_MEMORY;
    srtp_err_status_t status = packet->is_rtcp ? srtp_unprotect_rtcp(generation->receive, scratch, &n)
                                               : srtp_unprotect(generation->receive, scratch, &n);
    switch (status) {
    case srtp_err_status_ok:
        *len = (size_t)n;
        return DTLS_SRTP_AUTHENTIC;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
        return DTLS_SRTP_REPLAYED;
    case srtp_err_status_alloc_fail:
        return DTLS_SRTP_NO_MEMORY;
    default:
        return DTLS_SRTP_FORGED;
    }
}

void dtls_srtp_generation_drop_stream(struct dtls_srtp_generation *generation, uint32_t ssrc)
{
    if (generation->receive != NULL)
        srtp_remove_stream(generation->receive, htonl(ssrc)); /* alone of libsrtp's functions it wants network order */
}
