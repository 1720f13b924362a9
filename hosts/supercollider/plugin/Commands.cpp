// The commands of the plug-in: /cmd /gatebend_load KEY PATH, /cmd /gatebend_free KEY and
// /cmd /gatebend_command KEY LINE.

#include "Commands.hpp"

#include <string.h>

#include "Networks.hpp"
#include "SC_PlugIn.h"

extern InterfaceTable* ft;

namespace {

struct Command {
    const char* name;
    const char* usage;
    bool has_text;
    AsyncStageFn serve;
};

// The arguments of a command; its text follows in memory.
struct Call {
    int key;
    char text[1];
};

// Returns whether the server may read a path: its option -P restricts it to a folder.
bool may_read(const World* world, const char* path) {
    const char* folder = world->mRestrictedPath;
    return !folder || (strncmp(path, folder, strlen(folder)) == 0 && !strstr(path, ".."));
}

bool serve_load(World* world, void* data) {
    const Call* call = static_cast<Call*>(data);
    if (!may_read(world, call->text)) {
        Print("ERROR: Gatebend: key %d: the server may only read files in %s\n", call->key,
              world->mRestrictedPath);
        return false;
    }
    return networks_load(world, call->key, call->text);
}

bool serve_free(World* world, void* data) {
    return networks_free(world, static_cast<Call*>(data)->key);
}

bool serve_command(World* world, void* data) {
    const Call* call = static_cast<Call*>(data);
    return networks_command(world, call->key, call->text);
}

Command commands[] = {
    {"/gatebend_load", "a key and a path", true, serve_load},
    {"/gatebend_free", "a key", false, serve_free},
    {"/gatebend_command", "a key and a command in words", true, serve_command},
};

void release(World* world, void* data) {
    RTFree(world, data);
}

bool is_number(sc_msg_iter* args) {
    char tag = args->remain() > 0 ? args->nextTag() : 's';
    return tag == 'i' || tag == 'f';
}

void call(World* world, void* data, sc_msg_iter* args, void* reply) {
    const Command* command = static_cast<Command*>(data);
    bool has_key = is_number(args);
    int key = args->geti();
    const char* text = command->has_text ? args->gets() : "";
    if (!has_key || !text) {
        Print("ERROR: Gatebend: %s needs %s\n", command->name, command->usage);
        return;
    }
    size_t length = strlen(text);
    Call* memory = static_cast<Call*>(RTAlloc(world, sizeof(Call) + length));
    if (!memory) {
        Print("ERROR: Gatebend: the server's real-time memory is full; set ServerOptions.memSize higher\n");
        return;
    }
    memory->key = key;
    memcpy(memory->text, text, length + 1);
    size_t size = args->getbsize();
    char* after = size > 0 ? static_cast<char*>(RTAlloc(world, size)) : nullptr;
    if (after)
        args->getb(after, size);
    DoAsynchronousCommand(world, reply, command->name, memory, command->serve, nullptr, nullptr,
                          release, after ? static_cast<int>(size) : 0, after);
    if (after)
        RTFree(world, after);
}

} // namespace

void define_commands() {
    for (Command& command : commands)
        DefinePlugInCmd(command.name, call, &command);
}
