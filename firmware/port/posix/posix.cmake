# The POSIX port and its test.
set(POSIX_DIR ${CMAKE_CURRENT_LIST_DIR})
find_package(Threads REQUIRED)

add_library(cam_scene STATIC ${POSIX_DIR}/../../scenes/reader/scene.c)
target_include_directories(cam_scene PUBLIC ${POSIX_DIR}/../../scenes/reader)
target_link_libraries(cam_scene PUBLIC cam_core)

file(GLOB POSIX_SOURCES CONFIGURE_DEPENDS ${POSIX_DIR}/*.c)
add_library(cam_posix STATIC ${POSIX_SOURCES})
target_include_directories(cam_posix PUBLIC ${POSIX_DIR})
target_compile_definitions(cam_posix PRIVATE _DEFAULT_SOURCE) # flock, getifaddrs, getentropy
target_link_libraries(cam_posix PUBLIC cam_scene cam_core Threads::Threads)

if(CAM_TESTS)
  add_executable(test_posix ${POSIX_DIR}/test/test_posix.c ${POSIX_DIR}/test/fixture.c)
  target_compile_definitions(test_posix PRIVATE _DEFAULT_SOURCE)
  target_link_libraries(test_posix PRIVATE cam_posix cam_fakes)
  add_test(NAME test_posix COMMAND test_posix)
  set_tests_properties(test_posix PROPERTIES TIMEOUT 60)
endif()
