/* A plugin for QEMU's user emulation that counts the instructions of functions and
 * their callees, with the same numbers on every run.
 *
 *   qemu-arm -plugin count.so,symbol=NAME[,symbol=NAME...] PROGRAM
 *
 * Measures each function whose symbol, mangled or not, contains NAME. Each return
 * prints "NAME COUNT" to standard output, between the program's own output. Only
 * for single-threaded programs. */
#include <inttypes.h>
#include <qemu-plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static struct function {
    const char *name;
    uint64_t count, returns_to; /* 0 outside the function */
} functions[16];
static int number;
static uint64_t previous_end; /* of the previous block: the return address of a call */

struct block {
    uint64_t start, end, instructions;
    struct function *function;
};

/* Calls and returns always end one block and start another. */
static void executed(unsigned int cpu, void *data)
{
    const struct block *block = data;
    (void)cpu;
    for (int i = 0; i < number; i++) {
        struct function *f = &functions[i];
        if (f->returns_to == block->start && f->returns_to != 0) {
            printf("%s %" PRIu64 "\n", f->name, f->count);
            fflush(stdout);
            f->returns_to = f->count = 0;
        }
        if (f == block->function && f->returns_to == 0)
            f->returns_to = previous_end;
        if (f->returns_to != 0)
            f->count += block->instructions;
    }
    previous_end = block->end;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t instructions = qemu_plugin_tb_n_insns(tb);
    struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
    struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, instructions - 1);
    const char *symbol = qemu_plugin_insn_symbol(first);
    struct block *block = calloc(1, sizeof *block); /* never freed: QEMU keeps its translations */
    (void)id;
    block->start = qemu_plugin_tb_vaddr(tb);
    block->end = qemu_plugin_insn_vaddr(last) + qemu_plugin_insn_size(last);
    block->instructions = instructions;
    for (int i = 0; symbol && i < number; i++)
        if (strstr(symbol, functions[i].name))
            block->function = &functions[i];
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS, block);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
                                           int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc && number < 16; i++)
        if (strncmp(argv[i], "symbol=", 7) == 0)
            functions[number++].name = strdup(argv[i] + 7);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return number == 0;
}
