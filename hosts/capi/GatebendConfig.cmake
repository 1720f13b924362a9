# find_package(Gatebend) defines the targets Gatebend::gatebend (shared) and
# Gatebend::gatebend_static.
get_filename_component(_gatebend_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET Gatebend::gatebend)
  add_library(Gatebend::gatebend SHARED IMPORTED)
  set_target_properties(Gatebend::gatebend PROPERTIES
    IMPORTED_LOCATION "${_gatebend_prefix}/lib/${CMAKE_SHARED_LIBRARY_PREFIX}gatebend${CMAKE_SHARED_LIBRARY_SUFFIX}"
    INTERFACE_INCLUDE_DIRECTORIES "${_gatebend_prefix}/include")
  add_library(Gatebend::gatebend_static STATIC IMPORTED)
  set_target_properties(Gatebend::gatebend_static PROPERTIES
    IMPORTED_LOCATION "${_gatebend_prefix}/lib/${CMAKE_STATIC_LIBRARY_PREFIX}gatebend${CMAKE_STATIC_LIBRARY_SUFFIX}"
    INTERFACE_INCLUDE_DIRECTORIES "${_gatebend_prefix}/include"
    INTERFACE_LINK_LIBRARIES "$<$<PLATFORM_ID:Linux>:pthread;dl;m;gcc_s>")
endif()
unset(_gatebend_prefix)
