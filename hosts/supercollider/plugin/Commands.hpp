#pragma once

// Defines the commands of the plug-in.
void define_commands();
