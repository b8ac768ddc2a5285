/* ready.h - the connections of one owner in which something may wait to be taken: a queue through the owner's nodes. */
#ifndef DTLS_CONN_READY_H
#define DTLS_CONN_READY_H

#include <stdbool.h>
#include <stddef.h>

struct dtls_ready_list;

/* The owner's node of one connection. */
struct dtls_ready {
    struct dtls_ready_list *list; /* where it is, or goes */
    struct dtls_ready *next, *before;
    bool listed;
};

/* All zeroes is empty. */
struct dtls_ready_list {
    struct dtls_ready *first, *last;
};

static inline void dtls_ready_link(struct dtls_ready *node, struct dtls_ready *before, struct dtls_ready *next)
{
    node->listed = true;
    node->before = before;
    node->next = next;
    *(before != NULL ? &before->next : &node->list->first) = node;
    *(next != NULL ? &next->before : &node->list->last) = node;
}

/* At the end, or in front; where it is already, it stays. */
static inline void dtls_ready_add(struct dtls_ready *node)
{
    if (!node->listed)
        dtls_ready_link(node, node->list->last, NULL);
}

static inline void dtls_ready_add_in_front(struct dtls_ready *node)
{
    if (!node->listed)
        dtls_ready_link(node, NULL, node->list->first);
}

/* Takes it out wherever it is. */
static inline void dtls_ready_remove(struct dtls_ready *node)
{
    if (!node->listed)
        return;
    *(node->before != NULL ? &node->before->next : &node->list->first) = node->next;
    *(node->next != NULL ? &node->next->before : &node->list->last) = node->before;
    node->listed = false;
}

/* Takes the first one out; the list has one. */
static inline void dtls_ready_pop(struct dtls_ready_list *list)
{
    dtls_ready_remove(list->first);
}

#endif
