# Settings every target shares, and the three functions that make targets.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
if(CLAVIGER_SANITIZE AND NOT CLAVIGER_FUZZ)
    set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")  # optimising what the sanitizers add costs more than running it
endif()

find_program(CCACHE ccache)
if(CCACHE)
    # hash_dir and base_dir: trees in different folders share objects. The sloppiness is what precompiled headers need.
    set(launcher ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()

if(CLAVIGER_SANITIZE)
    add_compile_options(-fsanitize=${CLAVIGER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${CLAVIGER_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CLAVIGER_SANITIZE MATCHES "undefined")
        add_link_options(-static-libubsan)  # g++ 12's shared one beside libasan ignores log_path
        # It looks at memory through a pipe: where file descriptors are used up on purpose, every object is a finding.
        add_compile_options(-fno-sanitize=vptr)
    endif()
    add_compile_definitions(CLAVIGER_SANITIZED)
endif()
if(CLAVIGER_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
add_compile_options(-fstack-protector-strong -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
# Debug builds, the sanitized ones above all, compile Asio and Beast once instead of in every source: a third less
# work. What is installed keeps the header-only form, which the optimiser can see through.
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
endif()
add_link_options(-Wl,-z,relro,-z,now)

# claviger_asio: Asio and Beast themselves, where they are compiled apart; an empty target where they are headers.
function(claviger_make_asio)
    if(CMAKE_BUILD_TYPE STREQUAL "Debug")
        add_library(claviger_asio STATIC ${CMAKE_SOURCE_DIR}/tools/cmake/asio_impl.cpp)
        target_link_libraries(claviger_asio PUBLIC OpenSSL::SSL Threads::Threads)
    else()
        add_library(claviger_asio INTERFACE)
    endif()
endfunction()

# Sources are compiled twelve at a time, so that their headers are parsed once: a third of the work of a whole build. Not in
# the dev and lint presets, where one changed source is to be compiled alone.
option(CLAVIGER_JOIN "compile the sources of a target twelve at a time" ON)
function(claviger_join target)
    if(CLAVIGER_JOIN)
        set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
        # A coroutine's frame holds types of its source's anonymous namespace; joined, that looks like a header's.
        target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
    endif()
endfunction()

# claviger_apart(SOURCE...): sources of a target that are compiled alone all the same, because their anonymous namespaces
# use the names of others.
function(claviger_apart)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

function(claviger_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror=switch
                           -Werror=return-type)
endfunction()

# claviger_allocator(PROGRAM): mimalloc instead of glibc's malloc, for a tenth more requests (docs/decisions/0029). The
# sanitizers bring their own.
function(claviger_allocator program)
    if(NOT CLAVIGER_SANITIZE)
        target_link_libraries(${program} PRIVATE mimalloc)
        target_sources(${program} PRIVATE ${CMAKE_SOURCE_DIR}/src/base/huge_pages.cpp)
    endif()
endfunction()

# claviger_library(NAME SOURCES ... LINKS ... [PCH asio|json]): a static library with our warnings, alias claviger::NAME.
# PCH names a header of this folder to precompile: worth it from about five sources on that include Asio.
function(claviger_library name)
    cmake_parse_arguments(ARG "" "PCH" "SOURCES;LINKS" ${ARGN})
    add_library(claviger_${name} STATIC ${ARG_SOURCES})
    add_library(claviger::${name} ALIAS claviger_${name})
    target_include_directories(claviger_${name} PUBLIC
        $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)
    target_link_libraries(claviger_${name} PUBLIC ${ARG_LINKS} claviger_asio)
    if(ARG_PCH)
        target_precompile_headers(claviger_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tools/cmake/pch_${ARG_PCH}.hpp)
    endif()
    claviger_join(claviger_${name})
    claviger_warnings(claviger_${name})
endfunction()

# claviger_embeddable(NAME...): libraries that other programs may use: installed with their public headers, each of
# which compiles alone (target all_verify_interface_header_sets). A name without such headers is what another needs.
function(claviger_embeddable)
    foreach(name ${ARGN})
        file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/include/claviger/${name}/*.hpp)
        target_sources(claviger_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/include FILES ${headers})
        set_target_properties(claviger_${name} PROPERTIES EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS ON)
        install(TARGETS claviger_${name} EXPORT claviger ARCHIVE COMPONENT embed FILE_SET HEADERS COMPONENT embed)
    endforeach()
    # How the libraries were compiled, so that whoever embeds them sees the same Asio.
    target_compile_definitions(claviger_asio INTERFACE
        $<INSTALL_INTERFACE:BOOST_ASIO_NO_DEPRECATED$<SEMICOLON>BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING>)
    install(TARGETS claviger_asio EXPORT claviger ARCHIVE COMPONENT embed)
    install(EXPORT claviger NAMESPACE claviger:: FILE claviger-targets.cmake DESTINATION lib/cmake/claviger
        COMPONENT embed)
    install(FILES ${CMAKE_SOURCE_DIR}/tools/cmake/claviger-config.cmake DESTINATION lib/cmake/claviger COMPONENT embed)
endfunction()

# What every test includes, compiled once; see claviger_test.
function(claviger_make_test_pch)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_pch.cpp CONTENT "// carries the precompiled header\n")
    add_executable(claviger_test_pch EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/test_pch.cpp)
    target_link_libraries(claviger_test_pch PRIVATE GTest::gmock GTest::gtest_main)
    target_precompile_headers(claviger_test_pch PRIVATE ${CMAKE_SOURCE_DIR}/tools/cmake/pch_test.hpp)
    claviger_test_code(claviger_test_pch)  # -Wpedantic changes predefined macros: the flags must be the same
endfunction()

# claviger_test_code(TARGET): our settings for a program or library of the tests. What is installed is compiled with -O2;
# the tests' own code is not worth it: -O1 takes three tenths less to compile. With it g++ 12 sees std::string overflow.
function(claviger_test_code target)
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1> $<$<CONFIG:Release>:-Wno-array-bounds>
                           $<$<CONFIG:Release>:-Wno-stringop-overflow>)
    claviger_warnings(${target})
endfunction()

# claviger_test(NAME SOURCES ... LINKS ... [LABELS ...]): one GoogleTest program, one ctest entry of that name.
function(claviger_test name)
    cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINKS;LABELS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name} PRIVATE CLAVIGER_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data")
    target_precompile_headers(${name} REUSE_FROM claviger_test_pch)
    claviger_join(${name})
    claviger_test_code(${name})
    add_test(NAME ${name} COMMAND ${name})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    if(CLAVIGER_SANITIZE)
        math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 4")
    endif()
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} COST ${ARG_TIMEOUT})  # the longest first
    if(ARG_LABELS)
        set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
    endif()
    claviger_collect_reports(${name})
endfunction()

# claviger_collect_reports(TEST): a finding of a sanitizer in any process of the test fails the test run. An HSM host that
# one has ended is started again, and its test may well pass: so reports are files, and the last test is that there is none.
function(claviger_collect_reports test)
    if(NOT CLAVIGER_SANITIZE)
        return()
    endif()
    set(reports ${CMAKE_BINARY_DIR}/reports)
    get_property(made GLOBAL PROPERTY CLAVIGER_REPORTS)
    if(NOT made)
        set_property(GLOBAL PROPERTY CLAVIGER_REPORTS ON)
        add_test(NAME sanitizer_reports_cleared COMMAND sh -c "rm -rf ${reports} && mkdir ${reports}")
        set_tests_properties(sanitizer_reports_cleared PROPERTIES FIXTURES_SETUP reports)
        add_test(NAME sanitizer_reports_empty COMMAND sh -c "! grep -rh . ${reports}")
        set_tests_properties(sanitizer_reports_empty PROPERTIES FIXTURES_CLEANUP reports)
    endif()
    # die_after_fork: tests that kill a child fork it from a process with threads, which this sanitizer refuses otherwise.
    set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT "ASAN_OPTIONS=log_path=${reports}/report"
                 "UBSAN_OPTIONS=print_stacktrace=1:log_path=${reports}/report"
                 "TSAN_OPTIONS=die_after_fork=0:log_path=${reports}/report")
    set_property(TEST ${test} APPEND PROPERTY FIXTURES_REQUIRED reports)
endfunction()

# claviger_fuzz(NAME SOURCE LINKS ...): a libFuzzer program, built only by the fuzz preset.
function(claviger_fuzz name source)
    if(NOT CLAVIGER_FUZZ)
        return()
    endif()
    add_executable(${name} ${source})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE ${ARGN})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    if(NOT TARGET fuzz_all)
        add_custom_target(fuzz_all)
    endif()
    add_dependencies(fuzz_all ${name})
endfunction()

# claviger_python_test(NAME SCRIPT [TIMEOUT s] [LABELS ...] [ARGS ...]): a script that starts the built programs; one
# ctest entry. Exit code 77 means skipped, with a line that says what was missing.
function(claviger_python_test name script)
    cmake_parse_arguments(ARG "" "TIMEOUT" "LABELS;ARGS" ${ARGN})
    add_test(NAME ${name} COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${ARG_ARGS})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 300)
    endif()
    if(CLAVIGER_SANITIZE)
        math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 4")
    endif()
    set_tests_properties(${name} PROPERTIES
        TIMEOUT ${ARG_TIMEOUT} COST ${ARG_TIMEOUT} SKIP_RETURN_CODE 77 LABELS "service;${ARG_LABELS}"
        ENVIRONMENT "CLAVIGER_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};CLAVIGER_CLIENTS=${CMAKE_BINARY_DIR}/clients;PYTHONPATH=${CMAKE_SOURCE_DIR}/tests/support/python;PYTHONDONTWRITEBYTECODE=1")
    claviger_collect_reports(${name})
endfunction()
