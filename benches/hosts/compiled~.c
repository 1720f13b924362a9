// The peer in Pd: [compiled~ LIBRARY] plays a network that was compiled to a library.
#include <m_pd.h>

#include "compiled.h"

typedef struct {
    t_object object;
    compiled network;
    t_float rate;
} t_compiled;

static t_class *compiled_class;

static t_int *perform(t_int *w)
{
    t_compiled *x = (t_compiled *)w[1];
    compiled_render(&x->network, (t_sample *)w[2], (uint32_t)w[3], (uint32_t)x->rate);
    return w + 4;
}

static void dsp(t_compiled *x, t_signal **signals)
{
    x->rate = signals[0]->s_sr;
    dsp_add(perform, 3, x, signals[0]->s_vec, (t_int)signals[0]->s_n);
}

static void *new(t_symbol *path)
{
    t_compiled *x = (t_compiled *)pd_new(compiled_class);
    if (!compiled_open(&x->network, path->s_name)) {
        pd_error(NULL, "compiled~: %s", dlerror());
        return NULL;
    }
    outlet_new(&x->object, &s_signal);
    return x;
}

static void delete(t_compiled *x)
{
    compiled_close(&x->network);
}

void compiled_tilde_setup(void)
{
    compiled_class = class_new(gensym("compiled~"), (t_newmethod)(void (*)(void))new, (t_method)delete, sizeof(t_compiled),
                      CLASS_DEFAULT, A_SYMBOL, 0);
    class_addmethod(compiled_class, (t_method)dsp, gensym("dsp"), A_CANT, 0);
}
