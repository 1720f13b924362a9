#include "networks.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    char *path;
    gb_network *network;
    struct entry *older; /* what the file was before */
} entry;

struct networks {
    uint32_t count;
    entry *entries[MOST_NETWORKS];
};

static const char *const VARIABLE = "gatebend_networks";

static void free_entry(entry *entry) {
    while (entry) {
        struct entry *older = entry->older;
        gb_network_free(entry->network);
        free(entry->path);
        free(entry);
        entry = older;
    }
}

static int reset(CSOUND *csound, void *data) {
    networks *networks = data;
    (void)csound;
    for (uint32_t k = 0; k < networks->count; k++)
        free_entry(networks->entries[k]);
    networks->count = 0;
    return OK;
}

networks *networks_of(CSOUND *csound) {
    networks *networks = csound->QueryGlobalVariable(csound, VARIABLE);
    if (networks)
        return networks;
    if (csound->CreateGlobalVariable(csound, VARIABLE, sizeof(*networks)) != 0)
        return NULL;
    networks = csound->QueryGlobalVariable(csound, VARIABLE);
    csound->RegisterResetCallback(csound, networks, reset);
    return networks;
}

static uint32_t find(const networks *networks, const char *path) {
    uint32_t k = 0;
    while (k < networks->count && strcmp(networks->entries[k]->path, path) != 0)
        k++;
    return k;
}

uint32_t networks_add(networks *networks, const char *path, gb_network *network) {
    uint32_t k = find(networks, path);
    if (k == MOST_NETWORKS)
        return 0;
    entry *entry = calloc(1, sizeof(*entry));
    if (!entry || !(entry->path = strdup(path))) {
        free(entry);
        return 0;
    }
    entry->network = network;
    entry->older = k < networks->count ? networks->entries[k] : NULL;
    networks->entries[k] = entry;
    if (k == networks->count)
        networks->count++;
    return k + 1;
}

const gb_network *networks_get(const networks *networks, MYFLT number) {
    if (!(number >= 1 && number < networks->count + 1))
        return NULL;
    return networks->entries[(uint32_t)number - 1]->network;
}
