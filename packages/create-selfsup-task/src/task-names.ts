/** A task in all the ways in which it is written. */
export interface TaskNames {
  /** `shuffled-patches`. */
  readonly name: string;
  /** `shuffledPatches`. */
  readonly camelName: string;
  /** `ShuffledPatches`. */
  readonly pascalName: string;
  /** `Shuffled patches`. */
  readonly title: string;
  /** `selfsup-task-shuffled-patches`. */
  readonly package: string;
}

const PREFIX = 'selfsup-task-';
/** What the files of the template call by these names themselves, and what JavaScript does. */
const TAKEN = new Set(
  `tf z it expect describe plugin linear sequential stateless options backbone head checks batchAt index test
  abstract any arguments as async await boolean break case catch class const continue debugger default delete do else enum eval export extends false finally for function
  get if implements import in instanceof interface let new null number object of package private protected public return set static string super switch symbol this
  throw true try type typeof undefined var void while with yield`.split(/\s+/),
);

/**
 * Makes the names of a task.
 *
 * @param name as it was typed; the prefix `selfsup-task-`, which the package gets, may be there
 * @returns see {@link TaskNames}
 * @throws Error with one line on a name that is not kebab-case or stands for something else in JavaScript
 */
export function taskNames(name: string): TaskNames {
  const bare = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(bare))
    throw new Error(`the name ${JSON.stringify(name)} must be small letters, digits and single hyphens, a letter first, such as shuffled-patches: give another one with --name`); // prettier-ignore
  const camelName = bare.replace(/-([a-z0-9])/g, (_, sign: string) => sign.toUpperCase());
  if (TAKEN.has(camelName))
    throw new Error(`the name ${JSON.stringify(bare)} means something else in the code: give another one with --name`);
  const words = bare.replaceAll('-', ' ');
  return {
    name: bare,
    camelName,
    pascalName: camelName[0]!.toUpperCase() + camelName.slice(1),
    title: words[0]!.toUpperCase() + words.slice(1),
    package: PREFIX + bare,
  };
}
