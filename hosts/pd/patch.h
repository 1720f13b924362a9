/* What both externals need: files beside the patch, and messages in words. */

#ifndef GATEBEND_PATCH_H
#define GATEBEND_PATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "m_pd.h"

/* The setup function is all that an external exports. */
#define EXPORTED __attribute__((visibility("default")))

/* Longest message in words. */
#define LINE_SIZE 8192

/* Longest reason for refusing a file. */
#define REASON_SIZE (MAXPDSTRING + 128)

/* Writes a number without an exponent and without zeros at its end. */
static inline void write_number(char *text, size_t size, double number)
{
    snprintf(text, size, "%.6f", number);
    char *end = text + strlen(text);
    while (end[-1] == '0')
        *--end = 0;
    if (end[-1] == '.')
        end[-1] = 0;
}

/* Appends a word to a line. Returns whether it fits. */
static inline bool add_word(char *line, size_t size, const char *word)
{
    size_t used = strlen(line);
    int length = snprintf(line + used, size - used, used ? " %s" : "%s", word);
    return length >= 0 && (size_t)length < size - used;
}

/* Appends atoms to a line. Returns whether they fit. */
static inline bool add_atoms(char *line, size_t size, int count, const t_atom *atoms)
{
    char number[512];
    for (int k = 0; k < count; k++) {
        const char *word = number;
        if (atoms[k].a_type == A_SYMBOL)
            word = atoms[k].a_w.w_symbol->s_name;
        else
            write_number(number, sizeof number, atom_getfloat((t_atom *)&atoms[k]));
        if (!add_word(line, size, word))
            return false;
    }
    return true;
}

/* Writes the path of a file that is beside the patch or in Pd's search path. Returns whether
 * it is there, or writes the reason. */
static inline bool find_file(const t_canvas *canvas, const char *name, char path[MAXPDSTRING],
                             char reason[REASON_SIZE])
{
    char folder[MAXPDSTRING], *file;
    int handle = canvas_open(canvas, name, "", folder, &file, sizeof folder, 1);
    if (handle >= 0) {
        sys_close(handle);
        int length = snprintf(path, MAXPDSTRING, "%s/%s", folder, file);
        if (length >= 0 && length < MAXPDSTRING)
            return true;
    }
    snprintf(reason, REASON_SIZE, "cannot find %s beside the patch or in Pd's search path", name);
    return false;
}

/* Finds the file whose name is all words of a message. */
static inline bool find_named(const t_canvas *canvas, const char *message, int count,
                              const t_atom *atoms, char path[MAXPDSTRING],
                              char reason[REASON_SIZE])
{
    char name[MAXPDSTRING] = "";
    if (count > 0 && atoms[0].a_type == A_SYMBOL && add_atoms(name, sizeof name, count, atoms))
        return find_file(canvas, name, path, reason);
    snprintf(reason, REASON_SIZE, "%s needs the name of a file", message);
    return false;
}

/* Reads a whole number from 0 to a limit. Returns whether the atom is one. */
static inline bool read_whole(const t_atom *atom, double most, uint32_t *number)
{
    if (atom->a_type != A_FLOAT)
        return false;
    double value = atom->a_w.w_float;
    if (!(value >= 0 && value <= most) || value != (double)(uint32_t)value)
        return false;
    *number = (uint32_t)value;
    return true;
}

/* Sends a word, and a text as one symbol, to an outlet. */
static inline void answer(t_outlet *outlet, const char *word, const char *text)
{
    t_atom atom;
    SETSYMBOL(&atom, gensym(text));
    outlet_anything(outlet, gensym(word), 1, &atom);
}

/* Sends a word and a number to an outlet. */
static inline void answer_number(t_outlet *outlet, const char *word, double number)
{
    t_atom atom;
    SETFLOAT(&atom, (t_float)number);
    outlet_anything(outlet, gensym(word), 1, &atom);
}

#endif
