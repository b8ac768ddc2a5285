/* media.c - what an application does on event KEYS, and whether that was enough for every packet. */
#include "tests/box/media.h"

#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

enum { NAME = 16 }; /* bytes of a key that name it */

#define MSL ((uint64_t)120 * NET_SECOND)

struct packet {
    uint8_t first; /* 128: version 2 of RTP */
    uint8_t name[NAME];
    uint64_t number;
};

static unsigned long long seed_of(const struct media *media)
{
    return (unsigned long long)media->pair->seed;
}

static struct media_set *set_of(struct media_end *end, uint16_t epoch)
{
    return &end->sets[epoch % MEDIA_SETS];
}

/* ---- KEYS ---- */

static void accept(struct media_end *end, uint16_t epoch)
{
    struct media *media = end->media;
    struct media_set *set = set_of(end, epoch);
    int err = dtls_conn_srtp_keys(media->pair->end[end->end].conn, epoch, &set->keys);

    CHECK_CASE(err == DTLS_OK && set->keys.epoch == epoch, "seed %llu: end %d accepts epoch %u: %d", seed_of(media),
               end->end, epoch, err);
    CHECK_CASE(!set->accepted || set->keys.epoch != epoch || set->ends_us <= media->pair->net.now_us,
               "seed %llu: end %d is told twice to accept epoch %u", seed_of(media), end->end, epoch);
    set->accepted = true;
    set->sent_with = false;
    set->accepted_us = media->pair->net.now_us;
    set->ends_us = NET_NEVER;
    end->accepts++;
}

static void send_with(struct media_end *end, uint16_t epoch)
{
    struct media_set *set = set_of(end, epoch);

    CHECK_CASE(set->accepted && set->keys.epoch == epoch && !set->sent_with && end->sending < epoch,
               "seed %llu: end %d sends with epoch %u, which it does not accept, or has before", seed_of(end->media),
               end->end, epoch);
    if (end->sending != 0)
        set_of(end, end->sending)->ends_us = end->media->pair->net.now_us + MSL;
    set->sent_with = true;
    set->sent_with_us = end->media->pair->net.now_us;
    end->sending = epoch;
    end->sends++;
}

static void forget(struct media_end *end, uint16_t epoch)
{
    struct media_set *set = set_of(end, epoch);

    CHECK_CASE(set->accepted && !set->sent_with, "seed %llu: end %d forgets epoch %u, which it has not, or uses",
               seed_of(end->media), end->end, epoch);
    *set = (struct media_set){ 0 };
    end->forgets++;
}

static void on_event(void *arg, enum net_end which, const struct dtls_event *event)
{
    struct media *media = arg;

    if (event->type != DTLS_EVENT_KEYS)
        return;
    if (event->keys == DTLS_KEYS_ACCEPT)
        accept(&media->end[which], event->epoch);
    else if (event->keys == DTLS_KEYS_SEND)
        send_with(&media->end[which], event->epoch);
    else
        forget(&media->end[which], event->epoch);
}

/* ---- packets ---- */

static void on_media(void *arg, const struct net_datagram *datagram)
{
    struct media *media = arg;
    struct media_end *end = &media->end[datagram->to];
    uint64_t now_us = media->pair->net.now_us;
    struct packet packet;

    if (datagram->len != sizeof packet || !datagram->intact)
        return;
    memcpy(&packet, datagram->bytes, sizeof packet);
    end->arrived++;
    for (size_t i = 0; i < MEDIA_SETS; i++) {
        struct media_set *set = &end->sets[i];
        if (!set->accepted || set->ends_us <= now_us || memcmp(set->keys.receive_key, packet.name, NAME) != 0)
            continue;
        end->read++;
        if (!media->silent) {
            dtls_conn_media_confirmed(media->pair->end[datagram->to].conn, now_us, set->keys.epoch);
            pair_settle(media->pair, datagram->to);
        }
        return;
    }
    CHECK_CASE(false, "seed %llu: end %d cannot read packet %llu", seed_of(media), datagram->to,
               (unsigned long long)packet.number);
}

bool media_send(struct media *media, enum net_end from)
{
    struct media_end *end = &media->end[from];
    struct packet packet;

    if (end->sending == 0)
        return false;
    memset(&packet, 0, sizeof packet);
    packet.first = 128;
    packet.number = end->sent++;
    memcpy(packet.name, set_of(end, end->sending)->keys.send_key, NAME);
    net_send(&media->pair->net, from, (uint8_t *)&packet, sizeof packet, 0);
    return true;
}

static void send_one(void *arg)
{
    struct media_end *end = arg;

    if (end->interval_us == 0)
        return;
    media_send(end->media, end->end);
    net_call_at(&end->media->pair->net, end->media->pair->net.now_us + end->interval_us, send_one, end);
}

void media_flow(struct media *media, uint64_t interval_us)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        bool runs = media->end[end].interval_us > 0;
        media->end[end].interval_us = interval_us;
        if (!runs && interval_us > 0)
            net_call_at(&media->pair->net, media->pair->net.now_us + interval_us, send_one, &media->end[end]);
    }
}

/* ---- life ---- */

struct media *media_new(struct pair *pair)
{
    struct media *media = calloc(1, sizeof *media);

    if (media == NULL)
        abort();
    media->pair = pair;
    for (int end = CLIENT; end <= SERVER; end++) {
        media->end[end].media = media;
        media->end[end].end = (enum net_end)end;
    }
    pair->on_event = on_event;
    pair->on_media = on_media;
    pair->media = media;
    return media;
}

void media_free(struct media *media)
{
    media->pair->on_event = NULL;
    media->pair->on_media = NULL;
    free(media);
}

bool media_accepts(const struct media *media, enum net_end end, uint16_t epoch)
{
    const struct media_set *set = &media->end[end].sets[epoch % MEDIA_SETS];

    return set->accepted && set->keys.epoch == epoch;
}

bool media_sends_with(const struct media *media, enum net_end end, uint16_t epoch)
{
    return media_accepts(media, end, epoch) && media->end[end].sets[epoch % MEDIA_SETS].sent_with;
}

static bool are_crosswise(const struct dtls_srtp_keys *a, const struct dtls_srtp_keys *b)
{
    return a->profile == b->profile && a->key_len == b->key_len && a->salt_len == b->salt_len &&
           a->mki_len == b->mki_len && memcmp(a->mki, b->mki, sizeof a->mki) == 0 &&
           memcmp(a->send_key, b->receive_key, sizeof a->send_key) == 0 &&
           memcmp(a->receive_key, b->send_key, sizeof a->send_key) == 0 &&
           memcmp(a->send_salt, b->receive_salt, sizeof a->send_salt) == 0 &&
           memcmp(a->receive_salt, b->send_salt, sizeof a->send_salt) == 0 &&
           memcmp(a->send_key, a->receive_key, a->key_len) != 0;
}

void media_check(const struct media *media)
{
    for (size_t i = 0; i < MEDIA_SETS; i++) {
        const struct media_set *ours = &media->end[CLIENT].sets[i], *theirs = &media->end[SERVER].sets[i];
        if (ours->accepted && theirs->accepted)
            CHECK_CASE(are_crosswise(&ours->keys, &theirs->keys), "seed %llu: epoch %u has different keys",
                       seed_of(media), ours->keys.epoch);
    }
    for (int end = CLIENT; end <= SERVER; end++)
        CHECK_CASE(media->end[end].read == media->end[end].arrived, "seed %llu: end %d has read %llu of %llu packets",
                   seed_of(media), end, (unsigned long long)media->end[end].read,
                   (unsigned long long)media->end[end].arrived);
}
