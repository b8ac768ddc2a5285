/* machine.c - which message is due, who takes it, and what comes of a step. Knows no message's content: client.c and
 * server.c do. */
#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"
#include "handshake/handshake.h"
#include "messages/hello.h"

/* ---- which message is due ---- */

static enum dtls_presence presence_now(const struct dtls_handshake *hs, enum dtls_presence presence)
{
    bool expected;

    switch (presence) {
    case DTLS_IF_ASKED:
        expected = hs->asked;
        break;
    case DTLS_MAY_IF_STATUS:
        return hs->status ? DTLS_MAY : DTLS_END;
    case DTLS_IF_CERTIFICATE:
        expected = hs->showed_certificate;
        break;
    default:
        return presence;
    }
    return expected ? DTLS_MUST : DTLS_END;
}

/* Finds the row that takes this message, passing only rows that need not be filled; NULL: unexpected. */
static const struct dtls_step *find_step(const struct dtls_handshake *hs, uint8_t type)
{
    for (const struct dtls_step *row = hs->step; row->presence != DTLS_END; row++) {
        enum dtls_presence presence = presence_now(hs, row->presence);
        if (presence == DTLS_END)
            continue;
        if (row->message == type)
            return row;
        if (presence == DTLS_MUST)
            return NULL;
    }
    return NULL;
}

/* ---- the hello that an attempt answers (S4, S5) ---- */

static void learn_random(struct dtls_handshake *hs, struct dtls_bytes hello)
{
    const uint8_t *random = dtls_client_hello_random(hello);

    hs->hello.known = random != NULL;
    if (random != NULL)
        memcpy(hs->hello.random, random, DTLS_HELLO_RANDOM_LEN);
}

/* A first fragment. It numbers the handshake: 1 after a cookie exchange that a server does not remember, more when
 * cookies expired on the way (S4). In a first handshake a forged one lasts until the client's own comes again. */
static void hear_hello(struct dtls_handshake *hs, const struct dtls_fragment *fragment, uint64_t sequence)
{
    dtls_reassembly_skip_to(&hs->in, fragment->message_seq);
    if (hs->rehandshake && hs->hello.known)
        return; /* a repetition: what stands behind the first one is of this attempt */
    hs->hello.sequence = sequence;
    learn_random(hs, fragment->body);
}

/* A client that was restarted sends a hello of its own: our flight would be no answer to that. */
static bool is_of_another_hello(const struct dtls_handshake *hs, const struct dtls_fragment *fragment)
{
    const uint8_t *random = dtls_client_hello_random(fragment->body);

    return fragment->type == DTLS_CLIENT_HELLO && fragment->offset == 0 && hs->hello.known && random != NULL &&
           memcmp(random, hs->hello.random, DTLS_HELLO_RANDOM_LEN) != 0;
}

bool dtls_handshake_is_replaced_by(const struct dtls_handshake *hs, const struct dtls_fragment *fragment,
                                   uint64_t sequence)
{
    return hs->rehandshake && sequence > hs->hello.sequence && is_of_another_hello(hs, fragment);
}

/* Is this fragment of an attempt that the ClientHello has replaced, or one that no honest client sends yet? */
static bool is_out_of_place(struct dtls_handshake *hs, const struct dtls_fragment *fragment, uint16_t epoch,
                            uint64_t sequence, enum dtls_drop *reason)
{
    *reason = DTLS_DROP_STATE;
    if (!hs->answered && fragment->type != DTLS_CLIENT_HELLO)
        return true;
    *reason = DTLS_DROP_STALE;
    return hs->rehandshake && epoch == hs->epoch && hs->hello.known &&
           (sequence < hs->hello.sequence || is_of_another_hello(hs, fragment));
}

/* ---- a step, or nothing of it (contract S8) ---- */

enum { AGAIN = 1 }; /* the step was undone, and nothing has changed */

/* What a step has to leave as it was when it cannot be finished. */
struct before {
    struct dtls_handshake hs;
    bool had_next; /* the next epoch's keys */
};

static void remember(struct before *before, const struct dtls_handshake *hs)
{
    before->hs = *hs;
    before->had_next = hs->as->epochs.next != NULL;
}

/* Buffers may have moved, and stay where they are now; what came to be in them since is cut off. */
static void undo(struct dtls_handshake *hs, const struct before *before)
{
    struct dtls_handshake after = *hs;

    *hs = before->hs;
    hs->in = after.in;
    hs->timer = after.timer;
    hs->transcript.bytes = after.transcript.bytes;
    hs->transcript.cap = after.transcript.cap;
    hs->building.bytes = after.building.bytes;
    hs->building.cap = after.building.cap;
    if (after.ticket != before->hs.ticket)
        dtls_release(&hs->as->memory, after.ticket, after.ticket_len);
    if (after.psk.identity != before->hs.psk.identity)
        dtls_release(&hs->as->memory, after.psk.identity, after.psk.identity_len + 1);
    if (after.pending.server_name != before->hs.pending.server_name)
        dtls_established_clear(hs->as, &after.pending);
    if (after.job != before->hs.job)
        dtls_job_free(after.job);
    if (after.question != before->hs.question)
        dtls_question_abandon(after.question);
    if (!before->had_next)
        dtls_association_drop_next(hs->as);
    hs->lacking = true;
    if (!hs->timer.running) /* a server that has sent nothing yet: there has to be a deadline */
        dtls_timer_flight_sent(&hs->timer, &hs->as->path, hs->config, hs->now);
    dtls_timer_flight_repeated(&hs->timer);
    dtls_wipe(&after, sizeof after);
}

/* The end of a step: `err` is what it has come to. A first handshake ends with it, and so does a rehandshake that the
 * peer has made fail; for want of memory or randomness one that the peer has answered must not be given up (R10). */
static int end_step(struct dtls_handshake *hs, struct before *before, int err)
{
    if (hs->rehandshake && (err == DTLS_ERR_NO_MEMORY || err == DTLS_ERR_RANDOM)) {
        undo(hs, before);
        hs->as->stats.dropped[DTLS_DROP_NO_ROOM]++;
        err = AGAIN;
    }
    dtls_wipe(before, sizeof *before);
    return err;
}

static int process(struct dtls_handshake *hs, const struct dtls_message *message)
{
    const struct dtls_step *row = find_step(hs, message->type);
    struct before before;

    if (row == NULL)
        return DTLS_ERR_UNEXPECTED_MESSAGE;
    dtls_timer_flight_answered(&hs->timer, &hs->as->path, hs->now);
    hs->lacking = false;
    remember(&before, hs);
    hs->step = row + 1;
    hs->processing = message->message_seq;
    return end_step(hs, &before, row->take(hs, message));
}

/* A client does not know whether the server counts a HelloRequest: its first message has number 0 or 1 (R6). */
static void find_first_message(struct dtls_handshake *hs)
{
    if (hs->as->role == DTLS_CLIENT && hs->rehandshake && !hs->answered && hs->in.next == 0 &&
        (dtls_reassembly_has_type(&hs->in, 1, DTLS_SERVER_HELLO) ||
         dtls_reassembly_has_type(&hs->in, 1, DTLS_HELLO_VERIFY_REQUEST)))
        dtls_reassembly_skip_to(&hs->in, 1);
}

/* A job came back and what follows it lacked something: once more. */
static int resume_again(struct dtls_handshake *hs)
{
    struct dtls_job *job = hs->job;

    dtls_job_run(job); /* or its own randomness had failed */
    int err = dtls_handshake_resume(hs, hs->now, job);
    if (hs->job != job)
        dtls_job_free(job);
    return err;
}

static int hear_answer(struct dtls_handshake *hs);

static int process_all(struct dtls_handshake *hs)
{
    struct dtls_message message;

    if (hs->lacking && hs->job != NULL && !hs->job_taken)
        return resume_again(hs);
    if (hs->question != NULL)
        return hs->question->answered || hs->now >= hs->question_until ? hear_answer(hs) : DTLS_OK;
    hs->lacking = false;
    find_first_message(hs);
    /* Nothing comes after Finished: what waits behind it was forged, or it would have been authentic. */
    while ((hs->happened & DTLS_HAPPENED_VERIFIED) == 0 && !dtls_handshake_waits(hs) &&
           dtls_reassembly_ready(&hs->in, &message)) {
        if (message.type == DTLS_CLIENT_HELLO)
            learn_random(hs, message.body); /* its first fragment may have been very short */
        if (hs->gated) {
            hs->happened |= DTLS_HAPPENED_HELLO;
            return DTLS_OK;
        }
        int err = process(hs, &message);
        if (err == AGAIN)
            return DTLS_OK;
        if (err != DTLS_OK)
            return err;
        dtls_reassembly_done(&hs->in);
        find_first_message(hs);
    }
    return DTLS_OK;
}

int dtls_handshake_open_gate(struct dtls_handshake *hs, dtls_time now)
{
    hs->gated = false;
    hs->now = now;
    return process_all(hs);
}

/* The last thing that a step does: it can no more be undone. */
void dtls_handshake_flight_ready(struct dtls_handshake *hs)
{
    dtls_flight_free(&hs->out);
    hs->out = hs->building;
    hs->building = (struct dtls_flight){ .memory = hs->out.memory };
    hs->heard_flight = hs->step != NULL;
    hs->heard_flight_end = hs->processing;
    hs->happened |= DTLS_HAPPENED_FLIGHT;
    hs->flight_left = false;
    dtls_timer_flight_sent(&hs->timer, &hs->as->path, hs->config, hs->now);
}

/* ---- taking a fragment ---- */

/* The last fragment of the flight that ours answers: one sign for each repetition, not one for each fragment (T4). */
static bool ends_a_repeated_flight(const struct dtls_handshake *hs, const struct dtls_fragment *fragment)
{
    return hs->heard_flight && !is_of_another_hello(hs, fragment) && fragment->message_seq == hs->heard_flight_end &&
           fragment->offset + fragment->body.len == fragment->length;
}

/* In a first handshake anyone could put the timeout off like this, byte by byte. */
static void answer_goes_on(struct dtls_handshake *hs)
{
    if (hs->rehandshake)
        dtls_timer_answer_goes_on(&hs->timer, hs->now);
}

/* A server without state answers a hello with the number that has: whoever sends one in a client's name chooses the
 * number of a HelloVerifyRequest from the true server (S4). One that is not due would be out of place when its turn
 * came; and a cookie that the server has just made is good, unless the hello with it has no answer in time. */
static bool is_mirrored(const struct dtls_handshake *hs, const struct dtls_fragment *fragment)
{
    return fragment->type == DTLS_HELLO_VERIFY_REQUEST && !hs->rehandshake &&
           (fragment->message_seq != hs->in.next || (hs->cookie_len > 0 && hs->timer.expirations == 0));
}

/* One that a client was made to say so. It has been answered already: as the next message it would be fatal. */
static bool is_one_hello_too_many(const struct dtls_handshake *hs, const struct dtls_fragment *fragment)
{
    return fragment->type == DTLS_CLIENT_HELLO && !hs->rehandshake && hs->answered &&
           fragment->message_seq >= hs->in.next;
}

int dtls_handshake_take(struct dtls_handshake *hs, dtls_time now, const struct dtls_fragment *fragment, uint16_t epoch,
                        uint64_t sequence)
{
    struct dtls_message whole = { 0 };
    enum dtls_drop reason;

    hs->now = now;
    /* Finished travels in n+1, everything else in n (S5). */
    if (epoch != (fragment->type == DTLS_FINISHED ? hs->epoch + 1 : hs->epoch)) {
        hs->as->stats.dropped[DTLS_DROP_STATE]++;
        return DTLS_OK;
    }
    if (hs->as->role == DTLS_CLIENT ? is_mirrored(hs, fragment) : is_one_hello_too_many(hs, fragment)) {
        hs->as->stats.dropped[DTLS_DROP_STATE]++;
        return DTLS_OK;
    }
    if (hs->as->role == DTLS_SERVER) {
        if (is_out_of_place(hs, fragment, epoch, sequence, &reason)) {
            hs->as->stats.dropped[reason]++;
            return DTLS_OK;
        }
        if (!hs->answered && fragment->offset == 0)
            hear_hello(hs, fragment, sequence);
    }
    switch (dtls_reassembly_take(&hs->in, fragment, epoch, hs->gated || dtls_handshake_waits(hs) ? NULL : &whole,
                                 &reason)) {
    case DTLS_TAKEN_NOT:
        hs->as->stats.dropped[reason]++;
        if (reason == DTLS_DROP_TOO_LARGE &&
            hs->reason[0] == '\0') /* it may be forged, so it is no end; if one comes, this is why */
            snprintf(hs->reason, sizeof hs->reason, "a %s of %u bytes came, and max_message is %u",
                     dtls_message_name(fragment->type), (unsigned)fragment->length, (unsigned)hs->in.max_message);
        if (reason == DTLS_DROP_STALE && ends_a_repeated_flight(hs, fragment))
            hs->happened |= DTLS_HAPPENED_REPEAT;
        return hs->lacking ? process_all(hs) : DTLS_OK;
    case DTLS_TAKEN_WHOLE: {
        answer_goes_on(hs);
        int err = process(hs, &whole);
        if (err == AGAIN) /* the peer repeats it */
            return DTLS_OK;
        if (err != DTLS_OK)
            return err;
        dtls_reassembly_done(&hs->in);
        break;
    }
    case DTLS_TAKEN:
        answer_goes_on(hs);
        break;
    }
    return process_all(hs);
}

void dtls_handshake_start_server(struct dtls_handshake *hs)
{
    hs->step = dtls_client_hello_steps;
}

/* ---- public-key work ---- */

/* What follows the work, if it came out well. */
static int after_work(struct dtls_handshake *hs, struct dtls_job *job,
                      int (*then)(struct dtls_handshake *hs, struct dtls_job *job))
{
    if (job->error != DTLS_OK)
        return job->error;
    return then != NULL ? then(hs, job) : DTLS_OK;
}

int dtls_handshake_work(struct dtls_handshake *hs, struct dtls_job *job,
                        int (*then)(struct dtls_handshake *hs, struct dtls_job *job))
{
    int err = DTLS_OK;

    job->random = hs->as->random;
    if (hs->config->public_key_jobs) {
        hs->job = dtls_job_detach(job, &hs->as->memory);
        hs->job_taken = false;
        hs->then = then;
        hs->happened |= DTLS_HAPPENED_JOB;
        if (hs->job == NULL)
            err = DTLS_ERR_NO_MEMORY;
    } else {
        dtls_job_run(job);
        err = after_work(hs, job, then);
    }
    dtls_wipe(job, sizeof *job);
    return err;
}

int dtls_handshake_resume(struct dtls_handshake *hs, dtls_time now, struct dtls_job *job)
{
    struct before before;

    hs->now = now;
    hs->job = NULL;
    hs->lacking = false;
    remember(&before, hs);
    int err = end_step(hs, &before, after_work(hs, job, hs->then));
    if (err == AGAIN) {
        hs->job = job;
        hs->job_taken = false;
        job->done = job->error == DTLS_OK;
        return DTLS_OK;
    }
    return err != DTLS_OK ? err : process_all(hs);
}

/* ---- what the application is asked (R19) ---- */

int dtls_handshake_ask(struct dtls_handshake *hs, enum dtls_question_kind kind, size_t room, uint32_t limit_ms,
                       void (*put)(struct dtls_handshake *hs, struct dtls_question *question),
                       int (*then)(struct dtls_handshake *hs, const struct dtls_question *question))
{
    struct dtls_question *question = dtls_question_new(&hs->as->memory, hs, kind, room);

    if (question == NULL)
        return DTLS_ERR_NO_MEMORY;
    hs->question = question;
    hs->question_until = limit_ms == 0 ? DTLS_NEVER : dtls_time_after(hs->now, (uint64_t)limit_ms * 1000);
    hs->then_answered = then;
    put(hs, question);
    if (!question->answered)
        return DTLS_OK;
    hs->question = NULL;
    int err = then(hs, question);
    dtls_question_free(question);
    return err;
}

/* The answer has come later; or its time is over, and whoever was asked keeps the question. */
static int hear_answer(struct dtls_handshake *hs)
{
    static const struct dtls_question nobody; /* has said no */
    struct dtls_question *question = hs->question;
    bool answered = question->answered;
    struct before before;

    hs->lacking = false;
    remember(&before, hs);
    hs->question = NULL;
    int err = end_step(hs, &before, hs->then_answered(hs, answered ? question : &nobody));
    if (err == AGAIN) /* and the answer has been put back */
        return DTLS_OK;
    dtls_question_abandon(question);
    return err != DTLS_OK ? err : process_all(hs);
}

int dtls_handshake_retry(struct dtls_handshake *hs, dtls_time now)
{
    hs->now = now;
    return process_all(hs);
}
