/** What a study does with pictures that cannot be decoded. */
export const BROKEN_IMAGES = ['stop', 'skip'] as const
export type BrokenImages = (typeof BROKEN_IMAGES)[number]
