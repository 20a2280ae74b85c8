import type { DescEnum, DescField, DescMessage, DescMethod, DescService } from "@bufbuild/protobuf";
import { comments } from "../../gen/contact/v1/contact_service_comments.ts";

/** The texts of the OpenAPI document, from the comments of the proto. */
export interface Texts {
  /** Undefined if the element has no comment. */
  readonly describe: (
    element: DescService | DescMethod | DescMessage | DescEnum | DescField,
  ) => string | undefined;
  /** The comment of a value of an enum, by the full names of the enum and the value. */
  readonly describeValue: (enumName: string, valueName: string) => string | undefined;
}

/** Texts in which the fields have their names in JSON, not those of the proto. */
export function createTexts(messages: readonly DescMessage[]): Texts {
  const jsonNames = new Map(
    messages.flatMap(({ fields }) => fields.map(({ name, jsonName }) => [name, jsonName] as const)),
  );

  function textOf(name: string): string | undefined {
    return comments[name]?.replace(/`(\w+)`/g, (quoted, word: string) =>
      jsonNames.has(word) ? `\`${jsonNames.get(word)}\`` : quoted,
    );
  }

  return {
    describe: (element) =>
      "typeName" in element
        ? textOf(element.typeName)
        : textOf(`${element.parent.typeName}.${element.name}`),
    describeValue: (enumName, valueName) => textOf(`${enumName}.${valueName}`),
  };
}

/** The first sentence of a text, without its full stop. */
export function firstSentence(text: string): string {
  const [sentence = ""] = text.split(/(?<=\.)\s|[:;]\s/, 1);
  return sentence.replace(/\.$/, "");
}
