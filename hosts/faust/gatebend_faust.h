/* Networks for Faust programs that are opened when they start (gatebend.lib).
 *
 * Foreign functions of Faust take numbers only, so networks have numbers, from 0 to 63. */

#ifndef GATEBEND_FAUST_H
#define GATEBEND_FAUST_H

#include <stdbool.h>

#include "gatebend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opens a network file under a number, for the host program. What plays the number goes on with
 * it from the next frame, at the same time and rate. On failure the earlier network stays.
 * `error` may be NULL. Not from two threads at once, nor while a program is initialised. */
bool gatebend_faust_open(int number, const char *path, gb_error *error);

/* Opens the file that the environment variable GATEBEND_NETWORK_<number> names, unless the
 * number has a network already, and returns the number. Without a file, the network is silent
 * and standard error has the reason. Faust calls this when a program is initialised. */
int gatebend_faust_network(int number);

/* Samples a second of a network, 0 if there is none. */
int gatebend_faust_rate(int network);

/* The level of a channel, 0 or 1, of a network at time t, with sound and the positions of its
 * first four controls, from 0 to 1. Real-time; one thread at a time for each network. */
float gatebend_faust_level(int network, int channel, int t, float left, float right, float a,
                           float b, float c, float d);

#ifdef __cplusplus
}
#endif

#endif
