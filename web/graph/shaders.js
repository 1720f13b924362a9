// Shaders: gates as textured squares, wires as ribbons. Marks and activity are looked up by
// node in textures of 256 nodes a row.

const COMMON = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
`;

const LOOKUP = `
uniform usampler2D u_activity;
uniform usampler2D u_marks;
uniform vec3 u_view; // in device pixels: width of a gate, then position of the plane's origin from the top left
uniform vec2 u_size; // device pixels
uint activityOf(uint node) { return texelFetch(u_activity, ivec2(node & 255u, node >> 8), 0).r; }
uvec4 marksOf(uint node) { return texelFetch(u_marks, ivec2(node & 255u, node >> 8), 0); }
vec4 clip(vec2 pixels) { return vec4(pixels / u_size * vec2(2., -2.) + vec2(-1., 1.), 0., 1.); }
// Logarithmic, so that rare toggles are visible.
float level(uint activity) { return log2(1. + float(activity & 127u)) / 7.; }
`;

export const WIRE_VERTEX = `${COMMON}${LOOKUP}
layout(location = 0) in vec4 a_ends;
layout(location = 1) in uvec2 a_nodes; // source, reader
uniform float u_steps;
uniform float u_width;
uniform float u_alpha;
out float v_side;
out float v_along;
flat out float v_level;
flat out float v_value;
flat out float v_light; // -1 outside the cone, 0 without a cone, 1 in the cone
flat out float v_half;

void main() {
    uint activity = activityOf(a_nodes.x);
    uvec4 from = marksOf(a_nodes.x), to = marksOf(a_nodes.y);
    v_level = level(activity);
    v_value = float(activity >> 7);
    v_light = from.w > 1u && to.w > 1u ? 1. : from.w == 1u || to.w == 1u || (to.z & 1u) != 0u ? -1. : 0.;
    if (v_light < -.5 && u_alpha < .14) {
        // Too faint to be visible.
        gl_Position = vec4(2., 2., 2., 1.);
        return;
    }
    float s = float(gl_VertexID >> 1) / u_steps;
    vec2 a = a_ends.xy * u_view.x + u_view.yz, d = a_ends.zw * u_view.x + u_view.yz;
    float reach = max(abs(d.x - a.x) * .45, u_view.x * .7);
    vec2 b = a + vec2(reach, 0.), c = d - vec2(reach, 0.);
    float r = 1. - s;
    vec2 at = u_steps < 1.5 ? mix(a, d, s) : r * r * r * a + 3. * r * r * s * b + 3. * r * s * s * c + s * s * s * d;
    vec2 way = u_steps < 1.5 ? d - a : r * r * (b - a) + 2. * r * s * (c - b) + s * s * (d - c);
    vec2 across = normalize(vec2(-way.y, way.x) + vec2(0., 1e-5));
    v_half = u_width * (v_light > .5 ? 1.5 : 1.) * .5;
    v_side = (float(gl_VertexID & 1) * 2. - 1.) * (v_half + 1.);
    v_along = s * length(d - a);
    gl_Position = clip(at + across * v_side);
}`;

export const WIRE_FRAGMENT = `${COMMON}
in float v_side;
in float v_along;
flat in float v_level;
flat in float v_value;
flat in float v_light;
flat in float v_half;
uniform vec3 u_soft;
uniform vec3 u_one;
uniform float u_alpha;
uniform float u_moved; // phase of the flow in device pixels; negative without animation
uniform float u_dash;
out vec4 o_colour;

void main() {
    float cover = clamp(v_half + .5 - abs(v_side), 0., 1.);
    float alpha = u_alpha * (v_light < -.5 ? .22 : v_light > .5 ? 2.6 : 1.);
    vec3 colour = mix(u_soft, u_one, v_value * .75);
    alpha *= mix(.75, 1.25, v_value);
    if (v_level > 0. && v_light > -.5) {
        float pulse = 1.;
        if (u_moved >= 0.) {
            float at = fract((v_along - u_moved) / u_dash);
            pulse = smoothstep(0., .5, at) * (1. - smoothstep(.82, 1., at));
        }
        float lit = v_level * pulse;
        colour = mix(colour, u_one, lit);
        alpha = mix(alpha, min(1., alpha * 3. + .1), lit);
    }
    alpha = min(alpha, 1.) * cover;
    o_colour = vec4(colour * alpha, alpha);
}`;

export const GATE_VERTEX = `${COMMON}${LOOKUP}
layout(location = 0) in vec2 a_place;
layout(location = 1) in uint a_source;
uniform float u_gate; // width in device pixels
out vec2 v_at;
flat out uvec4 v_marks;
flat out float v_level;
flat out float v_value;

void main() {
    uint activity = activityOf(a_source);
    v_level = level(activity);
    v_value = float(activity >> 7);
    v_marks = marksOf(uint(gl_InstanceID));
    // Enlarge the square for light and marks, if there are any.
    bool plain = v_marks.y == 0u && (v_marks.z & 6u) == 0u && v_marks.w < 3u && (v_level == 0. || (v_marks.z & 1u) != 0u);
    v_at = (vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2. - 1.) * (plain ? .5 : .85);
    gl_Position = clip(a_place * u_view.x + v_at * u_gate + u_view.yz);
}`;

export const GATE_FRAGMENT = `${COMMON}
in vec2 v_at;
flat in uvec4 v_marks; // kind, bend, flags, emphasis
flat in float v_level;
flat in float v_value;
uniform sampler2D u_atlas;
uniform vec3 u_ground;
uniform vec3 u_ink;
uniform vec3 u_soft;
uniform vec3 u_one;
uniform vec3 u_bend;
uniform float u_gate;
out vec4 o_colour;

vec4 over(vec4 top, vec4 under) { return top + under * (1. - top.a); }
vec4 paint(vec3 colour, float alpha) { return vec4(colour, 1.) * clamp(alpha, 0., 1.); }
// Samples a cell of the atlas; pixel is the size of a pixel relative to the cell.
vec2 picture(uint kind, vec2 at, float pixel) {
    if (max(abs(at.x), abs(at.y)) > .5) return vec2(0.);
    vec2 cell = vec2(kind % 8u, kind / 8u);
    return textureLod(u_atlas, (cell + .5 + at * .97) / vec2(8., 4.), max(0., log2(124. * pixel) - .3)).rg;
}
#define u_pixel (1. / u_gate) // in gate widths
float line(float off, float width) { return clamp((width * .5 - abs(off)) / u_pixel + .5, 0., 1.); }

void main() {
    bool dead = (v_marks.z & 1u) != 0u, faint = (v_marks.z & 8u) != 0u;
    float small = smoothstep(.075, .16, u_pixel); // gates smaller than about 10 pixels
    vec2 cover = picture(v_marks.x, v_at, u_pixel);
    float inside = min(1., cover.r + cover.g);
    vec3 lit = mix(u_ground, u_one, v_value);
    // Small gates are drawn without outline: 0 is grey then.
    vec3 body = mix(lit, mix(u_soft, u_one, v_value), small);
    vec3 rim = mix(u_ink, body, small);
    vec4 colour = paint(u_one, dead ? 0. : .42 * v_level * (1. - smoothstep(.22, .8, length(v_at))));
    vec3 gate = inside > 0. ? (body * cover.r + rim * cover.g) / (cover.r + cover.g) : body;
    colour = over(paint(gate, inside), colour);
    float fade = v_marks.w == 1u ? .25 : dead ? .32 : 1.;
    colour *= fade;
    float thick = max(.07, 1.6 * u_pixel);
    vec2 off = abs(v_at);
    if (v_marks.y != 0u) {
        float square = max(off.x, off.y) - .56;
        float corner = faint ? step(.3, min(off.x, off.y)) : 1.;
        colour = over(paint(u_bend, line(square, thick) * corner * max(fade, .5)), colour);
        if (small < .9) {
            vec2 sign = picture(17u + v_marks.y, (v_at - vec2(.5, -.5)) / .62, u_pixel / .62);
            vec3 badge = (u_bend * sign.r + u_ground * sign.g) / max(sign.r + sign.g, .001);
            colour = over(paint(badge, (sign.r + sign.g) * (faint ? .6 : 1.)) * (1. - small), colour);
        } else if (max(off.x, off.y) < .5) {
            colour = over(paint(u_bend, faint ? .4 : .8), colour);
        }
    }
    if ((v_marks.z & 2u) != 0u) colour = over(paint(u_ink, line(length(v_at) - .7, thick * 1.5)), colour);
    if ((v_marks.z & 4u) != 0u) colour = over(paint(u_ink, line((off.x + off.y - .8) * .7, thick * 1.5)), colour);
    if (v_marks.w == 3u) {
        float bracket = max(off.x, off.y) - .72;
        colour = over(paint(u_ink, line(bracket, thick * 1.2) * step(.42, min(off.x, off.y))), colour);
    }
    if (colour.a < .004) discard;
    o_colour = colour;
}`;
