# find_package(claviger) gives claviger::base, claviger::hsm and claviger::cluster.
include(CMakeFindDependencyMacro)
find_dependency(OpenSSL 3.0)
find_dependency(Threads)
find_dependency(Boost 1.81)
include(${CMAKE_CURRENT_LIST_DIR}/claviger-targets.cmake)
