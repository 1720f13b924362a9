/* A plugin of QEMU's user emulation: counts the instructions that functions
 * execute, callees among them, the same number on every run.
 *
 *   qemu-arm -plugin count.so,symbol=NAME[,symbol=NAME...] PROGRAM
 *
 * A function is measured whose symbol contains NAME, a name of Rust's among its
 * mangling. Each return prints "NAME COUNT" to standard output, among what the
 * program itself prints. Single-threaded programs only. */
#include <inttypes.h>
#include <qemu-plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static struct function {
    const char *name;
    uint64_t count, returns_to; /* 0 outside of it */
} functions[16];
static int number;
static uint64_t previous_end; /* of the block before: where a call returns to */

struct block {
    uint64_t start, end, instructions;
    struct function *function;
};

/* A call ends a block and begins one, and so does a return. */
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
    struct block *block = calloc(1, sizeof *block); /* lives as long as QEMU's code */
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
