#include <stddef.h>
#include <stdlib.h>
#include <stdbool.h>

void logic_gate_net(long long const *inp, long long *out) {
	const long long v0 = ~inp[0] | inp[2];
	const long long v1 = ~(inp[5] | inp[1]);
	const long long v2 = ~inp[0];
	const long long v3 = inp[3] | inp[4];
	const long long v4 = inp[0] ^ inp[3];
	const long long v5 = ~0LL;
	const long long v6 = inp[4] & ~inp[2];
	const long long v7 = ~(inp[1] | inp[2]);
	const long long v8 = ~inp[4];
	const long long v9 = v3;
	const long long v10 = ~(v7 ^ v7);
	const long long v11 = v2 ^ v6;
	const long long v12 = v4 | v1;
	const long long v13 = v0 & ~v5;
	const long long v14 = v3 | v8;
	const long long v15 = v0 ^ v8;
	const long long v16 = ~v1 | v4;
	const long long v17 = ~v2 | v6;
	out[0] = ~v17 | v10;
	out[1] = v15 | v16;
	out[2] = ~(v14 ^ v9);
	out[3] = ~v13;
	out[4] = ~(v12 | v15);
	out[5] = 0LL;
	out[6] = ~0LL;
	out[7] = v12 | v14;
}

void apply_logic_gate_net (bool const *inp, int *out, size_t len) {
    long long *inp_temp = malloc(6*sizeof(long long));
    long long *out_temp = malloc(8*sizeof(long long));
    long long *out_temp_o = malloc(3*sizeof(long long));
    
    for(size_t i = 0; i < len; ++i) {
    
        // Converting the bool array into a bitpacked array
        for(size_t d = 0; d < 6; ++d) {
            long long res = 0LL;
            for(size_t b = 0; b < 64; ++b) {
                res <<= 1;
                res += !!(inp[i * 6 * 64 + (64 - b - 1) * 6 + d]);
            }
            inp_temp[d] = res;
        }
    
        // Applying the logic gate net
        logic_gate_net(inp_temp, out_temp);
        
        // GroupSum of the results via logic gate networks
        for(size_t c = 0; c < 2; ++c) {  // for each class
            // Initialize the output bits
            for(size_t d = 0; d < 3; ++d) {
                out_temp_o[d] = 0LL;
            }
            
            // Apply the adder logic gate network
            for(size_t a = 0; a < 4; ++a) {
                long long carry = out_temp[c * 4 + a];
                long long out_temp_o_d;
                for(int d = 3 - 1; d >= 0; --d) {
                    out_temp_o_d  = out_temp_o[d];
                    out_temp_o[d] = carry ^ out_temp_o_d;
                    carry         = carry & out_temp_o_d;
                }
            }
            
            // Unpack the result bits
            for(size_t b = 0; b < 64; ++b) {
                const long long bit_mask = 1LL << b;
                int res = 0;
                for(size_t d = 0; d < 3; ++d) {
                    res <<= 1;
                    res += !!(out_temp_o[d] & bit_mask);
                }
                out[(i * 64 + b) * 2 + c] = res;
            }
        }
    }
    free(inp_temp);
    free(out_temp);
    free(out_temp_o);
}
