/* shelf.c - keeps entries in the order in which they came. */
#include "tests/box/shelf.h"

#include <string.h>

#include "tests/tap.h"

static struct shelf_entry *find(struct shelf *shelf, struct dtls_bytes name)
{
    CU_ASSERT_EQUAL_FATAL(name.len, DTLS_STORE_NAME_LEN);
    for (size_t i = 0; i < shelf->count; i++)
        if (shelf->entries[i].len > 0 && memcmp(shelf->entries[i].name, name.at, name.len) == 0)
            return &shelf->entries[i];
    return NULL;
}

static int answer(struct shelf *shelf, struct dtls_question *question, const struct shelf_entry *entry)
{
    struct dtls_bytes bytes = { entry == NULL ? NULL : entry->bytes, entry == NULL ? 0 : entry->len };
    int err = dtls_question_answer_stored(question, bytes);

    shelf->refused += err == DTLS_ERR_NOT_ASKED;
    return err;
}

int shelf_answer(struct shelf *shelf)
{
    CU_ASSERT_FATAL(shelf->waiting_count > 0);
    struct dtls_question *question = shelf->waiting[0].question;
    const struct shelf_entry *entry = shelf->waiting[0].entry;
    shelf->waiting_count--;
    memmove(shelf->waiting, shelf->waiting + 1, shelf->waiting_count * sizeof shelf->waiting[0]);
    return answer(shelf, question, entry);
}

static void answer_later(void *arg)
{
    struct shelf *shelf = arg;
    struct dtls_conn *conn = dtls_question_conn(shelf->waiting[0].question);

    if (shelf_answer(shelf) != DTLS_OK)
        return;
    CHECK_CASE(dtls_conn_deadline(conn) <= shelf->pair->net.now_us, "an answer, and nothing is due");
    dtls_conn_tick(conn, shelf->pair->net.now_us);
    pair_settle(shelf->pair, SERVER);
}

static void get(void *arg, struct dtls_question *question, struct dtls_bytes name, bool take)
{
    struct shelf *shelf = arg;
    struct shelf_entry *entry = find(shelf, name);

    shelf->gets++;
    shelf->takes += take;
    if (shelf->wait_us == 0) {
        answer(shelf, question, entry);
        if (take && entry != NULL)
            entry->len = 0;
        return;
    }
    CU_ASSERT_FATAL(shelf->waiting_count < SHELF_MOST && !take);
    shelf->waiting[shelf->waiting_count].question = question;
    shelf->waiting[shelf->waiting_count++].entry = entry;
    if (shelf->wait_us != SHELF_NEVER)
        net_call_at(&shelf->pair->net, shelf->pair->net.now_us + shelf->wait_us, answer_later, shelf);
}

static void put(void *arg, struct dtls_bytes name, struct dtls_bytes entry, uint32_t lifetime_s)
{
    struct shelf *shelf = arg;
    struct shelf_entry *place = find(shelf, name);

    CU_ASSERT_FATAL(shelf->count < SHELF_MOST && entry.len > 0 && entry.len <= DTLS_STORE_ENTRY_MOST);
    if (place == NULL)
        place = &shelf->entries[shelf->count++];
    memcpy(place->name, name.at, name.len);
    memcpy(place->bytes, entry.at, entry.len);
    place->len = entry.len;
    place->lifetime_s = lifetime_s;
    shelf->puts++;
}

static void remove_entry(void *arg, struct dtls_bytes name)
{
    struct shelf *shelf = arg;
    struct shelf_entry *entry = find(shelf, name);

    shelf->removes++;
    if (entry != NULL)
        entry->len = 0;
}

void shelf_use(struct shelf *shelf, struct dtls_config *config, const struct dtls_ticket_keys *keys)
{
    *shelf = (struct shelf){ .door = { get, put, remove_entry, shelf, false } };
    config->store = &shelf->door;
    config->store_keys = keys;
}
