#include <stddef.h>
#include <stdlib.h>
#include <stdbool.h>

void logic_gate_net(char const *inp, char *out) {
	const char v0 = (char) (~inp[0] | inp[2]);
	const char v1 = (char) (~(inp[5] | inp[1]));
	const char v2 = (char) (~inp[0]);
	const char v3 = (char) (inp[3] | inp[4]);
	const char v4 = (char) (inp[0] ^ inp[3]);
	const char v5 = (char) (~(char) 0);
	const char v6 = (char) (inp[4] & ~inp[2]);
	const char v7 = (char) (~(inp[1] | inp[2]));
	const char v8 = (char) (~inp[4]);
	const char v9 = (char) (v3);
	const char v10 = (char) (~(v7 ^ v7));
	const char v11 = (char) (v2 ^ v6);
	const char v12 = (char) (v4 | v1);
	const char v13 = (char) (v0 & ~v5);
	const char v14 = (char) (v3 | v8);
	const char v15 = (char) (v0 ^ v8);
	const char v16 = (char) (~v1 | v4);
	const char v17 = (char) (~v2 | v6);
	out[0] = (char) (~v17 | v10);
	out[1] = (char) (v15 | v16);
	out[2] = (char) (~(v14 ^ v9));
	out[3] = (char) (~v13);
	out[4] = (char) (~(v12 | v15));
	out[5] = (char) ((char) 0);
	out[6] = (char) (~(char) 0);
	out[7] = (char) (v12 | v14);
}

void apply_logic_gate_net (bool const *inp, int *out, size_t len) {
    char *inp_temp = malloc(6*sizeof(char));
    char *out_temp = malloc(8*sizeof(char));
    char *out_temp_o = malloc(3*sizeof(char));
    
    for(size_t i = 0; i < len; ++i) {
    
        // Converting the bool array into a bitpacked array
        for(size_t d = 0; d < 6; ++d) {
            char res = (char) 0;
            for(size_t b = 0; b < 8; ++b) {
                res <<= 1;
                res += !!(inp[i * 6 * 8 + (8 - b - 1) * 6 + d]);
            }
            inp_temp[d] = res;
        }
    
        // Applying the logic gate net
        logic_gate_net(inp_temp, out_temp);
        
        // GroupSum of the results via logic gate networks
        for(size_t c = 0; c < 2; ++c) {  // for each class
            // Initialize the output bits
            for(size_t d = 0; d < 3; ++d) {
                out_temp_o[d] = (char) 0;
            }
            
            // Apply the adder logic gate network
            for(size_t a = 0; a < 4; ++a) {
                char carry = out_temp[c * 4 + a];
                char out_temp_o_d;
                for(int d = 3 - 1; d >= 0; --d) {
                    out_temp_o_d  = out_temp_o[d];
                    out_temp_o[d] = carry ^ out_temp_o_d;
                    carry         = carry & out_temp_o_d;
                }
            }
            
            // Unpack the result bits
            for(size_t b = 0; b < 8; ++b) {
                const char bit_mask = (char) 1 << b;
                int res = 0;
                for(size_t d = 0; d < 3; ++d) {
                    res <<= 1;
                    res += !!(out_temp_o[d] & bit_mask);
                }
                out[(i * 8 + b) * 2 + c] = res;
            }
        }
    }
    free(inp_temp);
    free(out_temp);
    free(out_temp_o);
}
