# The program virtual-camera.
set(CAM_VERSION "dev" CACHE STRING "What the camera reports as firmware_version")
file(GLOB VIRTUAL_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)
add_executable(virtual-camera ${VIRTUAL_SOURCES})
target_compile_definitions(virtual-camera PRIVATE _DEFAULT_SOURCE CAM_VERSION="${CAM_VERSION}")
target_link_libraries(virtual-camera PRIVATE cam_posix)
