/** How Artifact Hub finds what a repository of charts in a registry says of itself: a tag and two media types. */
export const ARTIFACTHUB_TAG = 'artifacthub.io';
export const ARTIFACTHUB_CONFIG_TYPE = 'application/vnd.cncf.artifacthub.config.v1+yaml';
export const ARTIFACTHUB_LAYER_TYPE = 'application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml';
/** The name that Artifact Hub looks for, whatever the file is called here. */
export const ARTIFACTHUB_FILE = 'artifacthub-repo.yml';
