/* Vectors of FIPS 180-4's examples and of the lengths around a block's end (computed with sha256sum). */
#include "../sha256.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *text, size_t repeat, const char *hex)
{
	size_t size = strlen(text) * repeat;
	char *data = malloc(size + 1), found[65];
	uint8_t digest[32];
	for (size_t i = 0; i < repeat; i++)
		memcpy(data + i * strlen(text), text, strlen(text));
	sha256(data, size, digest);
	for (int i = 0; i < 32; i++)
		snprintf(found + 2 * i, 3, "%02x", digest[i]);
	assert(strcmp(found, hex) == 0);
	free(data);
}

int main(void)
{
	expect("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	expect("a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	expect("a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
	expect("a", 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34");
	expect("a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
	expect("a", 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0");
	return 0;
}
