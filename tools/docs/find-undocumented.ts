import { ReflectionKind, type DeclarationReflection, type ProjectReflection, type Reflection } from 'typedoc';

const kinds: readonly ReflectionKind[] = [
  ReflectionKind.Variable,
  ReflectionKind.Function,
  ReflectionKind.Class,
  ReflectionKind.Interface,
  ReflectionKind.TypeAlias,
  ReflectionKind.Property,
  ReflectionKind.Method,
  ReflectionKind.Accessor,
];

/**
 * Says which exported names have no docstring, and which members of named interfaces, classes and types. Typedoc's own check also asks for one at each
 * member of a type without a name, as in `{ recipe: { imagenet: … } }` or in what a schema says about itself, where the docstring of the whole is enough.
 *
 * @param project what typedoc converted
 * @param packages the packages that are looked at
 * @returns one line for each, empty when nothing is missing
 */
export const findUndocumented = (project: ProjectReflection, packages: readonly string[]): readonly string[] =>
  (Object.values(project.reflections) as DeclarationReflection[]).flatMap((reflection) => {
    if (!kinds.includes(reflection.kind)) return [];
    const symbol = project.getSymbolIdFromReflection(reflection);
    if (!symbol || !packages.includes(symbol.packageName) || isAnonymous(reflection) || isDocumented(reflection)) return [];
    return [`${reflection.getFriendlyFullName()} in ${symbol.packageName}/${symbol.packagePath} has no docstring`];
  });

/** Whether the reflection is part of a parameter or of a type without a name. */
const isAnonymous = (reflection: Reflection): boolean => {
  for (let at = reflection.parent; at; at = at.parent) {
    if (at.kindOf(ReflectionKind.Parameter)) return true;
    if (at.kindOf(ReflectionKind.TypeLiteral) && !isWholeAlias(at)) return true;
  }
  return false;
};

const isWholeAlias = (literal: Reflection): boolean => {
  const alias = literal.parent;
  if (!alias?.kindOf(ReflectionKind.TypeAlias)) return false;
  const { type } = alias as DeclarationReflection;
  return type?.type === 'reflection' && type.declaration === literal;
};

const isDocumented = (reflection: DeclarationReflection): boolean =>
  reflection.hasComment() || (reflection.getAllSignatures() ?? []).some((signature) => signature.hasComment());
