# SPDX-License-Identifier: Apache-2.0
# What is installed, and the packages that CPack makes of it (.packaging/build). With TARE_PACKAGE the places are those
# of a Debian package: there CRI-O's own pinns keeps its name in /usr/bin, and the pages are compressed.

option(TARE_PACKAGE "Install as a Debian package does (for .packaging/build)" OFF)
set(TARE_ARCHITECTURE "" CACHE STRING "Debian's name of the processor")
set(TARE_PAGES ${CMAKE_BINARY_DIR} CACHE PATH "Build directory with man/ and completion/ of this version")

set(TARE_SYSCONFDIR /etc CACHE PATH "where podman looks for settings")
install(FILES ${CMAKE_SOURCE_DIR}/docs/examples/containers.conf DESTINATION ${TARE_SYSCONFDIR}/containers/containers.conf.d
  RENAME 50-tare.conf)

if(NOT TARE_PACKAGE)
  install(CODE "file(CREATE_LINK tare \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin/pinns SYMBOLIC)")
  if(TARGET man)
    install(DIRECTORY ${TARE_PAGES}/man/ DESTINATION share/man/man1)
    install(FILES ${TARE_PAGES}/completion/bash DESTINATION share/bash-completion/completions RENAME tare)
    install(FILES ${TARE_PAGES}/completion/zsh DESTINATION share/zsh/site-functions RENAME _tare)
    install(FILES ${TARE_PAGES}/completion/fish DESTINATION share/fish/vendor_completions.d RENAME tare.fish)
  endif()
  return()
endif()

# --- What is in a package -------------------------------------------------------------------------

set(package ${CMAKE_BINARY_DIR}/package)
set(here ${CMAKE_CURRENT_LIST_DIR})
file(MAKE_DIRECTORY ${package})
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # that of SOURCE_DATE_EPOCH
configure_file(${here}/changelog ${package}/changelog.Debian @ONLY)
add_custom_target(package_files ALL
  COMMAND ${here}/compress ${CMAKE_SOURCE_DIR} ${TARE_PAGES} ${package} VERBATIM)
if(TARGET man)
  add_dependencies(package_files man)
endif()
add_custom_command(TARGET tare POST_BUILD
  COMMAND ${CMAKE_STRIP} --remove-section=.comment $<TARGET_FILE:tare>
  COMMAND ${here}/sbom ${CMAKE_BINARY_DIR} ${PROJECT_VERSION} ${TARE_ARCHITECTURE} > ${package}/tare.cdx.json VERBATIM)
target_link_options(tare PRIVATE -Wl,--dependency-file=${CMAKE_BINARY_DIR}/tare.link.d)

install(CODE "file(MAKE_DIRECTORY \$ENV{DESTDIR}/usr/libexec/tare)
file(CREATE_LINK ../../bin/tare \$ENV{DESTDIR}/usr/libexec/tare/pinns SYMBOLIC)")
install(DIRECTORY ${package}/man/ DESTINATION share/man/man1)
install(FILES ${TARE_PAGES}/completion/bash DESTINATION share/bash-completion/completions RENAME tare)
install(FILES ${TARE_PAGES}/completion/zsh DESTINATION share/zsh/vendor-completions RENAME _tare)
install(FILES ${TARE_PAGES}/completion/fish DESTINATION share/fish/vendor_completions.d RENAME tare.fish)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs/examples DESTINATION share/doc/tare PATTERN containers.conf EXCLUDE)
install(FILES ${package}/changelog.gz ${package}/changelog.Debian.gz ${package}/tare.cdx.json ${here}/copyright
  DESTINATION share/doc/tare)
install(FILES ${here}/lintian-overrides DESTINATION share/lintian/overrides RENAME tare)

# --- CPack ----------------------------------------------------------------------------------------

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tare)
set(CPACK_PACKAGE_CONTACT "tare maintainers <maintainers@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "OCI container runtime in one static program")
set(CPACK_PACKAGE_DESCRIPTION_FILE ${here}/description)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)  # what is in /etc
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${TARE_ARCHITECTURE})
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "criu, podman | containerd | docker.io")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${here}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
