/* ready.h - the connections of one owner in which something may wait to be taken: a queue through the owner's nodes. */
#ifndef DTLS_CONN_READY_H
#define DTLS_CONN_READY_H

#include <stdbool.h>
#include <stddef.h>

struct dtls_ready_list;

/* The owner's node of one connection. */
struct dtls_ready {
    struct dtls_ready_list *list; /* where it is, or goes */
    struct dtls_ready *next;
    bool listed;
};

/* All zeroes is empty. */
struct dtls_ready_list {
    struct dtls_ready *first, *last;
};

/* At the end, or in front; where it is already, it stays. */
static inline void dtls_ready_add(struct dtls_ready *node)
{
    struct dtls_ready_list *list = node->list;

    if (node->listed)
        return;
    node->listed = true;
    node->next = NULL;
    if (list->first == NULL)
        list->first = node;
    else
        list->last->next = node;
    list->last = node;
}

static inline void dtls_ready_add_in_front(struct dtls_ready *node)
{
    struct dtls_ready_list *list = node->list;

    if (node->listed)
        return;
    node->listed = true;
    node->next = list->first;
    if (list->first == NULL)
        list->last = node;
    list->first = node;
}

/* Takes the first one out; the list has one. */
static inline void dtls_ready_pop(struct dtls_ready_list *list)
{
    list->first->listed = false;
    list->first = list->first->next;
}

/* Takes it out wherever it is. */
static inline void dtls_ready_remove(struct dtls_ready *node)
{
    struct dtls_ready **link = &node->list->first, *before = NULL;

    if (!node->listed)
        return;
    for (; *link != node; link = &before->next)
        before = *link;
    *link = node->next;
    if (node->list->last == node)
        node->list->last = before;
    node->listed = false;
}

#endif
