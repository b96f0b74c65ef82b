// validate.mjs FILE... (beside the packages of npm that it uses): Kubernetes manifests against the schemas of Kubernetes
// (kubernetes-models), and custom resources against the definitions in the folder
// KMM_CRDS. Prints results without numbers: see ktap_number.
import fs from "node:fs";
import path from "node:path";
import yaml from "yaml";
import { Ajv } from "ajv";

function definitions(folder) {
	if (!folder)
		return [];
	return fs.readdirSync(folder)
		.filter((name) => name.endsWith(".yaml"))
		.map((name) => yaml.parse(fs.readFileSync(path.join(folder, name), "utf8")));
}

// A schema as the API server uses it, but strict: a field that it does not name is a
// misspelt one.
function strict(schema) {
	if (!schema || typeof schema !== "object")
		return schema;
	if (Array.isArray(schema))
		return schema.map(strict);
	const copy = Object.fromEntries(
		Object.entries(schema).map(([key, value]) => [key, strict(value)]));
	if (copy.properties && typeof copy.properties === "object" &&
	    copy.additionalProperties === undefined)
		copy.additionalProperties = false;
	return copy;
}

function customSchema(crds, doc) {
	const [group, version] = doc.apiVersion.split("/");
	const crd = crds.find((c) => c.spec.group === group && c.spec.names.kind === doc.kind);
	const served = crd?.spec.versions.find((v) => v.name === version);
	if (!served)
		throw new Error(`no definition of ${doc.apiVersion} ${doc.kind}`);
	const schema = strict(served.schema.openAPIV3Schema);
	schema.properties.metadata = { type: "object" };
	return schema;
}

function validateCustom(crds, doc) {
	const ajv = new Ajv({ strict: false, validateFormats: false });
	const check = ajv.compile(customSchema(crds, doc));
	if (!check(doc))
		throw new Error(ajv.errorsText(check.errors));
}

async function validateNative(doc) {
	const models = await import(`kubernetes-models/${doc.apiVersion}/${doc.kind}`);
	new models[doc.kind](doc).validate();
}

async function validate(crds, doc) {
	if (doc.apiVersion.startsWith("kmm."))
		return validateCustom(crds, doc);
	return validateNative(doc);
}

async function main(files) {
	const crds = definitions(process.env.KMM_CRDS);
	for (const file of files) {
		for (const document of yaml.parseAllDocuments(fs.readFileSync(file, "utf8"))) {
			const doc = document.toJS();
			const name = `${path.basename(file)}: ${doc.kind} ${doc.metadata.name}`;
			if (doc.apiVersion.startsWith("kmm.") && !crds.length) {
				console.log(`ok - ${name} # SKIP KMM_CRDS names no folder with the operator's definitions`);
				continue;
			}
			try {
				await validate(crds, doc);
				console.log(`ok - ${name}`);
			} catch (error) {
				console.log(`# ${error.message.replaceAll("\n", "\n# ")}`);
				console.log(`not ok - ${name}`);
			}
		}
	}
}

await main(process.argv.slice(2));
