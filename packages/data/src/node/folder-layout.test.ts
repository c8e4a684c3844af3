import { describe, expect, it } from 'vitest';
import { findClasses, findLayout, findParts } from './folder-layout.ts';

const layout = (paths: readonly string[], whole = false) => findLayout(paths, { who: 'openImages', folder: 'data', whole });
const partsOf = (paths: readonly string[]) => {
  const { parts, isSplit, beside } = layout(paths);
  const pathsOf = (items: readonly { path: string }[]) => items.map(({ path }) => path);
  return {
    isSplit,
    train: pathsOf(parts.train),
    validation: pathsOf(parts.validation),
    test: pathsOf(parts.test),
    beside: pathsOf(beside),
  };
};
const classesOf = (paths: readonly string[], options: Parameters<typeof findClasses>[1] = {}) => {
  const { labeled, classNames, loose, unknown } = findClasses(layout(paths).parts.train, options);
  return {
    classes: labeled.map(({ label }) => (label === undefined ? undefined : classNames?.[label])),
    loose: loose.map(({ path }) => path),
    unknown: unknown.map(({ path }) => path),
  };
};

describe('findParts', () => {
  it.each([
    ['train', 'train'],
    ['Training', 'train'],
    ['train2017', 'train'],
    ['training_set', 'train'],
    ['trainval', 'train'],
    ['validation', 'validation'],
    ['VALID', 'validation'],
    ['val', 'validation'],
    ['dev', 'validation'],
    ['Test', 'test'],
    ['test-images', 'test'],
    ['seg_test', 'test'],
    ['eval', 'test'],
  ])('knows %s', (name, split) => {
    expect(findParts([name]).get(name)?.split).toBe(split);
  });

  it('does not know classes', () => {
    const names = [
      'cat',
      'bullet train',
      'train station',
      'trains',
      'valley',
      'contest',
      'device',
      'test_tube',
      'train_test',
      'images',
      '',
    ];
    expect([...findParts(names).keys()]).toEqual([]);
  });

  it('knows parts by what their names share', () => {
    expect([...findParts(['pets-train', 'pets-val', 'train_station', 'cat'])]).toEqual([
      ['pets-train', { split: 'train', rest: 'pets' }],
      ['pets-val', { split: 'validation', rest: 'pets' }],
    ]);
    expect([...findParts(['trainA', 'trainB', 'testA', 'testB']).values()].map(({ split, rest }) => split + rest)).toEqual(
      ['traina', 'trainb', 'testa', 'testb'], // prettier-ignore
    );
  });
});

describe('findLayout', () => {
  it.each(['validation', 'valid', 'val', 'dev', 'Test', 'TESTING', 'test_set'])('keeps %s apart from train', (name) => {
    const found = partsOf(['train/a/1', 'train/b/1', `${name}/a/2`, `${name}/b/2`]);
    expect(found).toMatchObject({ isSplit: true, train: ['train/a/1', 'train/b/1'], beside: [] });
    expect([...found.validation, ...found.test]).toEqual([`${name}/a/2`, `${name}/b/2`]);
  });

  it('looks below folders that hold nothing else', () => {
    expect(partsOf(['set/images/train/a/1', 'set/images/val/a/2'])).toMatchObject({
      train: ['set/images/train/a/1'],
      validation: ['set/images/val/a/2'],
    });
    const { train, test } = layout(['training_set/training_set/a/1', 'training_set/training_set/b/1', 'test_set/test_set/a/2']).parts;
    const { classNames, labeled } = findClasses(train);
    expect([classNames, labeled.map(({ label }) => label)]).toEqual([['a', 'b'], [0, 1]]); // prettier-ignore
    expect(findClasses(test, { classNames: classNames! }).labeled.map(({ label }) => label)).toEqual([0]);
  });

  it('finds parts below each class', () => {
    const { train, test } = layout(['cat/train/1', 'cat/test/2', 'dog/train/3', 'dog/test/4', 'dog/train/deep/5']).parts;
    const { classNames, labeled } = findClasses(train);
    expect(classNames).toEqual(['cat', 'dog']);
    expect(labeled.map(({ item, label }) => [item.path, label])).toEqual([
      ['cat/train/1', 0],
      ['dog/train/3', 1],
      ['dog/train/deep/5', 1],
    ]);
    expect(findClasses(test, { classNames: classNames! }).labeled.map(({ label }) => label)).toEqual([0, 1]);
  });

  it('takes domains for classes', () => {
    const { train, test } = layout(['trainA/1', 'trainB/2', 'testA/3', 'testB/4']).parts;
    expect(findClasses(train).classNames).toEqual(['a', 'b']);
    expect(findClasses(test, { classNames: ['a', 'b'] }).labeled.map(({ label }) => label)).toEqual([0, 1]);
  });

  it('sees all three parts, and what lies beside them', () => {
    expect(partsOf(['train/a/1', 'val/a/2', 'test/a/3', 'extra/a/4', 'cover'])).toEqual({
      isSplit: true,
      train: ['train/a/1'],
      validation: ['val/a/2'],
      test: ['test/a/3'],
      beside: ['extra/a/4', 'cover'],
    });
  });

  it('leaves classes alone that are called like a part', () => {
    for (const paths of [
      ['train/1', 'bus/2', 'car/3'],
      ['train/a/1', 'train/b/2'],
      ['cat/train/1', 'dog/train/2'],
      ['cat/val/1', 'dog/test/1'],
    ])
      expect(partsOf(paths)).toMatchObject({ isSplit: false, train: paths });
    expect(layout(['train/1', 'test/2'], true)).toMatchObject({ isSplit: false });
  });

  it('asks where the training data are', () => {
    expect(() => layout(['val/a/1', 'test/a/1'])).toThrow(
      'openImages: data has the folders val and test, but none with training data; name one `train`',
    );
  });
});

describe('findClasses', () => {
  it('are the first folders of which there are several', () => {
    expect(classesOf(['a/1', 'b/2'])).toMatchObject({ classes: ['a', 'b'], loose: [] });
    expect(classesOf(['sess/cat/s1/1', 'sess/dog/s1/2', 'sess/dog/3']).classes).toEqual(['cat', 'dog', 'dog']);
    expect(classesOf(['a/1', 'a/2']).classes).toEqual([undefined, undefined]);
    expect(classesOf(['1', '2']).classes).toEqual([undefined, undefined]);
  });

  it('survive loose photos, but not many', () => {
    expect(classesOf(['a/1', 'b/2', 'cover'])).toEqual({ classes: ['a', 'b'], loose: ['cover'], unknown: [] });
    expect(classesOf(['w/a/1', 'w/b/2', 'cover'])).toEqual({ classes: ['a', 'b'], loose: ['cover'], unknown: [] });
    expect(classesOf(['a/1', 'b/2', '3', '4'])).toEqual({ classes: [undefined, undefined, undefined, undefined], loose: [], unknown: [] });
    expect(classesOf(['a/1', 'a/2', 'cover']).classes).toHaveLength(3); // one folder is no class
  });

  it('are at the level that is asked for', () => {
    const paths = ['s1/cat/1', 's1/dog/2', 's2/cat/3', 's3/4'];
    expect(classesOf(paths).classes).toEqual(['s1', 's1', 's2', 's3']);
    expect(classesOf(paths, { classLevel: 1 })).toEqual({ classes: ['cat', 'dog', 'cat'], loose: ['s3/4'], unknown: [] });
    expect(classesOf(['sess/cat/s1/1', 'sess/cat/s2/2'], { classLevel: 1 }).classes).toEqual(['cat', 'cat']);
  });

  it('are those of the training part where it has them', () => {
    expect(classesOf(['w/b/1'], { classNames: ['a', 'b'] }).classes).toEqual(['b']);
    expect(classesOf(['b/1', 'z/2'], { classNames: ['a', 'b'] }).unknown).toEqual(['z/2']);
  });
});
