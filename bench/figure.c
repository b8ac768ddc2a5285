/* figure.c - how a figure is printed. */
#include "bench/figure.h"

#include <stdio.h>

void figure_print(const struct figure *figure, bool json)
{
    if (json)
        printf(
            "{\"bench\":\"%s\",\"impl\":\"%s\",\"version\":\"%s\",\"case\":\"%s\",\"value\":%.10g,\"unit\":\"%s\"}\n",
            figure->bench, figure->impl, figure->version, figure->name, figure->value, figure->unit);
    else
        printf("%-8s %-8s %-60s %10.10g %s\n", figure->impl, figure->version, figure->name, figure->value,
               figure->unit);
}
