/** Which templates are marked: all or, where that changes what is rendered, those that write objects themselves. */
export const MARKINGS: readonly ((file: string) => boolean)[] = [() => true, (file) => !/(^|\/)_[^/]*$/.test(file)];
