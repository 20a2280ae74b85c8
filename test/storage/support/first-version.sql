-- A database that version 0.1.0 (commit e7f95f3) made: pg_dump --inserts --no-owner --no-privileges of Postgres 15.
-- The secret of every key is "secret of a test".

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public.app (
    id integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.app ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.app_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.contact (
    app_id integer NOT NULL,
    owner_id text NOT NULL COLLATE pg_catalog."C",
    contact_id text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.kysely_migration (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);

CREATE TABLE public.kysely_migration_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);

CREATE TABLE public.server_key (
    id text NOT NULL COLLATE pg_catalog."C",
    app_id integer NOT NULL,
    secret_sha256 bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT server_key_secret_sha256_check CHECK ((octet_length(secret_sha256) = 32))
);

INSERT INTO public.app OVERRIDING SYSTEM VALUE VALUES (1, 'shop', '2026-11-25 21:24:08.130268+00');
INSERT INTO public.app OVERRIDING SYSTEM VALUE VALUES (2, '  ', '2026-11-25 21:24:08.541141+00');

INSERT INTO public.contact VALUES (1, 'alice', 'bob', '2024-05-06 07:08:09.123456+00');
INSERT INTO public.contact VALUES (1, 'alice', 'ève 😀', '2024-05-06 07:08:09.123456+00');
INSERT INTO public.contact VALUES (1, 'bob', 'alice', '2024-05-06 07:08:09.123456+00');

INSERT INTO public.kysely_migration VALUES ('0001-initial', '2026-11-25T21:24:08.121Z');

INSERT INTO public.kysely_migration_lock VALUES ('migration_lock', 0);

INSERT INTO public.server_key VALUES ('good', 1, '\x622eb06f21ad7a3b33f1867487143b8e7fe103ef2ea76f720ee2d815ea4a00b2', '2026-11-25 21:24:08.984026+00', NULL, NULL);
INSERT INTO public.server_key VALUES ('expired', 1, '\x622eb06f21ad7a3b33f1867487143b8e7fe103ef2ea76f720ee2d815ea4a00b2', '2026-11-25 21:24:08.99764+00', '2024-02-03 04:05:06.789+00', NULL);
INSERT INTO public.server_key VALUES ('revoked', 1, '\x622eb06f21ad7a3b33f1867487143b8e7fe103ef2ea76f720ee2d815ea4a00b2', '2026-11-25 21:24:09.000852+00', '2100-01-01 00:00:00+00', '2026-11-25 21:24:09.006222+00');

SELECT pg_catalog.setval('public.app_id_seq', 2, true);

ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_name_key UNIQUE (name);

ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_pkey PRIMARY KEY (app_id, owner_id, contact_id);

ALTER TABLE ONLY public.kysely_migration_lock
    ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.kysely_migration
    ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.server_key
    ADD CONSTRAINT server_key_pkey PRIMARY KEY (id);

CREATE INDEX contact_reverse ON public.contact USING btree (app_id, contact_id, owner_id);

CREATE INDEX server_key_app ON public.server_key USING btree (app_id);

ALTER TABLE ONLY public.server_key
    ADD CONSTRAINT server_key_app_id_fkey FOREIGN KEY (app_id) REFERENCES public.app(id);

