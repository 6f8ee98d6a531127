/**
 * A theme for reference pages that are read from top to bottom: signatures with their types, followed by what the
 * docstring says. The theme of the plugin repeats each parameter and result in tables of its own.
 */

import type {
  CommentDisplayPart,
  DeclarationReflection,
  Reflection,
  SignatureReflection,
  SomeType,
} from 'typedoc'
import {
  type MarkdownPageEvent,
  MarkdownTheme,
  MarkdownThemeContext,
} from 'typedoc-plugin-markdown'

export class CompactTheme extends MarkdownTheme {
  override getRenderContext(page: MarkdownPageEvent<Reflection>): MarkdownThemeContext {
    return new CompactContext(this, page, this.application.options)
  }
}

class CompactContext extends MarkdownThemeContext {
  constructor(...args: ConstructorParameters<typeof MarkdownThemeContext>) {
    super(...args)
    Object.assign(this.partials, {
      accessor: (model: DeclarationReflection) => this.#accessor(model),
      signature: (model: SignatureReflection) => this.#signature(model),
      signatureReturns: (model: SignatureReflection) => this.#tags(model),
      inheritance: () => '',
    })
  }

  #accessor({ getSignature, setSignature }: DeclarationReflection): string {
    return [
      getSignature && this.partials.signatureTitle(getSignature, { accessor: 'get' }),
      setSignature && this.partials.signatureTitle(setSignature, { accessor: 'set' }),
      this.#summary(getSignature ?? setSignature),
    ]
      .filter(Boolean)
      .join('\n\n')
  }

  #signature(model: SignatureReflection): string {
    return [
      this.partials.signatureTitle(model),
      this.#summary(model),
      this.#parameters(model),
      this.#tags(model),
    ]
      .filter(Boolean)
      .join('\n\n')
  }

  #summary(model: SignatureReflection | undefined): string {
    const comment = model?.comment ?? model?.parent.comment
    return comment ? this.#text(comment.summary) : ''
  }

  /** The parameters that the docstring describes, and the options in them. */
  #parameters({ parameters = [] }: SignatureReflection): string {
    return parameters
      .flatMap(parameter => [
        { name: parameter.name, comment: parameter.comment },
        ...optionsIn(parameter.type).map(option => ({
          name: `${parameter.name}.${option.name}`,
          comment: option.comment,
        })),
      ])
      .filter(({ comment }) => comment)
      .map(({ name, comment }) => `- \`${name}\`: ${oneLine(this.#text(comment?.summary ?? []))}`)
      .join('\n')
  }

  /** What the tags of a docstring say about results and errors. */
  #tags(model: SignatureReflection): string {
    const verbs: Readonly<Record<string, string>> = { '@returns': 'Returns', '@throws': 'Throws' }
    return (model.comment?.blockTags ?? [])
      .flatMap(({ tag, content }) =>
        verbs[tag] ? [`${verbs[tag]} ${this.#text(content).replace(/\.?$/, '.')}`] : [],
      )
      .join('\n\n')
  }

  #text(parts: CommentDisplayPart[]): string {
    return this.helpers.getCommentParts(parts)
  }
}

function optionsIn(type: SomeType | undefined): DeclarationReflection[] {
  return type?.type === 'reflection' ? (type.declaration.children ?? []) : []
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}
