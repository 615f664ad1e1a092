# Tests of the reader of scene packs (the library is cam_scene, port/posix/posix.cmake).
if(TARGET test_scene)
  target_link_libraries(test_scene PRIVATE cam_scene)
endif()
target_link_libraries(scene_fuzz_replay PRIVATE cam_scene)
if(TARGET scene_fuzz)
  target_sources(scene_fuzz PRIVATE ${CMAKE_CURRENT_LIST_DIR}/reader/scene.c)
  target_include_directories(scene_fuzz PRIVATE ${CMAKE_CURRENT_LIST_DIR}/reader)
endif()
