/* epochs.c - three epochs and their succession. Knows no record's content. */
#include "record/epochs.h"

#include "bytes/time_after.h"

int dtls_epochs_init(struct dtls_epochs *epochs, const struct dtls_memory *memory, size_t replay_window)
{
    *epochs = (struct dtls_epochs){ .memory = memory, .previous_ends = DTLS_NEVER };
    epochs->current = dtls_epoch_new(memory, 0, NULL, NULL, replay_window);
    return epochs->current == NULL ? DTLS_ERR_NO_MEMORY : DTLS_OK;
}

void dtls_epochs_free(struct dtls_epochs *epochs)
{
    dtls_epoch_free(epochs->memory, epochs->previous);
    dtls_epoch_free(epochs->memory, epochs->current);
    dtls_epoch_free(epochs->memory, epochs->next);
    epochs->previous = epochs->current = epochs->next = NULL;
}

struct dtls_epoch *dtls_epochs_find(const struct dtls_epochs *epochs, uint16_t number)
{
    struct dtls_epoch *const all[] = { epochs->current, epochs->previous, epochs->next };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] != NULL && all[i]->number == number)
            return all[i];
    return NULL;
}

void dtls_epochs_set_next(struct dtls_epochs *epochs, struct dtls_epoch *next)
{
    dtls_epoch_free(epochs->memory, epochs->next);
    epochs->next = next;
}

void dtls_epochs_advance(struct dtls_epochs *epochs, dtls_time now)
{
    dtls_epoch_free(epochs->memory, epochs->previous);
    epochs->previous = epochs->current;
    epochs->current = epochs->next;
    epochs->next = NULL;
    if (epochs->previous->number == 0) {
        dtls_epoch_stop_reading(epochs->memory, epochs->previous);
        epochs->previous_ends = DTLS_NEVER;
    } else {
        epochs->previous_ends = dtls_time_after(now, DTLS_MSL);
    }
}

void dtls_epochs_current_in_use(struct dtls_epochs *epochs, dtls_time now)
{
    dtls_time end = dtls_time_after(now, DTLS_EPOCH_GRACE);

    if (epochs->previous_ends != DTLS_NEVER && end < epochs->previous_ends)
        epochs->previous_ends = end;
}

void dtls_epochs_expire(struct dtls_epochs *epochs, dtls_time now, bool keep_writing)
{
    if (epochs->previous == NULL)
        return;
    if (epochs->previous_ends != DTLS_NEVER && now >= epochs->previous_ends) {
        dtls_epoch_stop_reading(epochs->memory, epochs->previous);
        dtls_epoch_fold(epochs->memory, epochs->previous);
        epochs->previous_ends = DTLS_NEVER;
    }
    if (!epochs->previous->readable && !keep_writing) {
        dtls_epoch_free(epochs->memory, epochs->previous);
        epochs->previous = NULL;
    }
}
