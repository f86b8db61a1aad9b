import { text } from '../diagnosis/reading.ts';
import type { Policy } from './policy.ts';

/** Images that may be others tomorrow: with the tag `latest`, or with none. */
export const imageTag: Policy = {
  name: 'image-tag',
  of: 'pods',
  severity: 'warning',
  check: ({ pods }) =>
    (pods?.containers ?? []).flatMap(({ data, path }) => {
      const image = text(data.image);
      // By its digest it is the same for ever. What may be a port stands before the last slash.
      if (image === '' || image.includes('@')) return [];
      const tag = /:([^:/]+)$/.exec(image)?.[1];
      if (tag !== undefined && tag !== 'latest') return [];
      const has = tag === undefined ? 'has no tag, which means latest' : 'has the tag latest';
      return [
        {
          message: `the image ${image} ${has}: what runs may change with each start of a pod`,
          hint: 'Name a version, or a digest.',
          path: `${path}/image`,
        },
      ];
    }),
};
