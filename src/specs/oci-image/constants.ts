/** Media types of documents. Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md */
export const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  layerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  layerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  empty: "application/vnd.oci.empty.v1+json",
  /** Docker's image manifest, version 2, schema 2: the same documents under other names. */
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
} as const;

/** Media types of a document that lists manifests. */
export const indexMediaTypes: readonly string[] = [mediaTypes.index, mediaTypes.dockerList];

/** Media types of a document that names a configuration and layers. */
export const manifestMediaTypes: readonly string[] = [mediaTypes.manifest, mediaTypes.dockerManifest];

/** Media types of a configuration that a container can be made from. */
export const configMediaTypes: readonly string[] = [mediaTypes.config, mediaTypes.dockerConfig];

/**
 * Media types of a layer that can be unpacked. The last four mark layers that registries should not pass on; their
 * `urls` are never followed (CVE-2020-15157), the registry is asked for the blob like for any other.
 */
export const layerMediaTypes: readonly string[] = [
  mediaTypes.layer,
  mediaTypes.layerGzip,
  mediaTypes.layerZstd,
  mediaTypes.dockerLayer,
  mediaTypes.dockerLayerGzip,
  "application/vnd.docker.image.rootfs.diff.tar.zstd",
  "application/vnd.oci.image.layer.nondistributable.v1.tar",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
];

/** Annotations of descriptors in an index. Source: image-spec annotations.md; containerd and Docker for the second. */
export const annotations = {
  /** The name, or only the tag, of an image in a layout. */
  refName: "org.opencontainers.image.ref.name",
  /** The full name of an image in an archive that Docker or containerd wrote. */
  imageName: "io.containerd.image.name",
  /** Marks a manifest in an index that is about another one, such as an attestation, and no image. */
  referenceType: "vnd.docker.reference.type",
} as const;

/** The only version of the layout there is. Source: image-spec image-layout.md */
export const imageLayoutVersion = "1.0.0";

/** The largest manifest or index that is read, in bytes. Source: distribution-spec v1.1.1, "Pushing Manifests" */
export const maxManifestSize = 4 * 1024 * 1024;

/** The largest configuration that is read, in bytes. */
export const maxConfigSize = 8 * 1024 * 1024;
