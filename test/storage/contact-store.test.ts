import { createContactStore } from "../../src/storage/contact-store.ts";
import { describeContactStore } from "../support/store-suite.ts";

describeContactStore("the contact store on Postgres", { createStore: createContactStore });
