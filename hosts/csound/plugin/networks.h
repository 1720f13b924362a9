/* The networks that an orchestra has loaded. They stay until Csound is reset, so that players
 * may be told to play them at any time. */

#ifndef NETWORKS_H
#define NETWORKS_H

#include "csdl.h"
#include "gatebend.h"

/* Most files that can be loaded. */
#define MOST_NETWORKS 1024

typedef struct networks networks;

/* Returns the networks of this Csound. */
networks *networks_of(CSOUND *csound);
/* Adds a network that was read from a file, and returns its number. A file that was loaded
 * before keeps its number. Returns 0 if there are too many. */
uint32_t networks_add(networks *networks, const char *path, gb_network *network);
/* Returns the network of a number, or NULL. */
const gb_network *networks_get(const networks *networks, MYFLT number);

#endif
