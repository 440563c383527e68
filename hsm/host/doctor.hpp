// `claviger hsm doctor`: what a PKCS#11 module can do and what it enforces, for people.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace claviger::host {

// Runs with its own arguments (without "doctor"); prints to standard output. 0: strong; 3: weak; 4: unusable;
// 1: it could not be found out; 2: wrong arguments.
int run_doctor(const std::vector<std::string>& arguments);

}  // namespace claviger::host
