// The cluster's addresses. They are the same in every cluster: each has network namespaces of its own, which no
// route leaves, so two clusters side by side don't know of each other.
export const controlPlane = '10.200.0.1';
export const nodeAddress = (number) => `10.200.0.${10 + number}`;
export const podSubnet = (number) => `10.244.${number}.0/24`;
export const allPods = '10.244.0.0/16';
export const services = '10.96.0.0/16';
export const firstService = '10.96.0.1'; // the API server's, by its own rule
export const apiPort = 6443;
/** Where containerd asks for the images of `registry.test`; nobody listens there until a test does. */
export const registryPort = 5000;
export const nodeName = (number) => `node${number}`;
