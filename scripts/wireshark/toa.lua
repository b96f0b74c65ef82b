-- SPDX-License-Identifier: GPL-2.0
-- The TCP option in which a layer-4 balancer names the client, for Wireshark and tshark.
--
-- Install: copy it into the folder that Help > About > Folders calls "Personal Lua
-- Plugins" (~/.local/lib/wireshark/plugins), or: tshark -X lua_script:toa.lua ...
-- Not as root: newer versions then run no Lua, without a word.
-- Filters: toa, toa.client == 203.0.113.7, toa.client6, toa.port, toa.layout == "254/8"
--
-- The layouts are those of toa.h: kind, length, where the port is (0: there is
-- none), where the address is, its family, and the version that must follow the
-- length (0: none).
local layouts = {
	{ 254,  8, 2, 4, 4, 0 },
	{ 254, 20, 2, 4, 6, 0 },
	{ 254, 16, 2, 4, 4, 0 },
	{ 253,  8, 2, 4, 4, 0 },
	{ 253, 20, 2, 4, 6, 0 },
	{ 252, 20, 2, 4, 4, 0 },
	{ 249, 40, 2, 4, 6, 0 },
	{ 200,  8, 2, 4, 4, 0 },
	{  28,  7, 0, 3, 4, 1 },
	{  28, 19, 0, 3, 6, 1 },
}

local toa = Proto("toa", "Client of a layer-4 balancer (TCP option)")

local fields = {
	layout	= ProtoField.string("toa.layout", "Kind/length"),
	client	= ProtoField.ipv4("toa.client", "Client"),
	client6	= ProtoField.ipv6("toa.client6", "Client"),
	port	= ProtoField.uint16("toa.port", "Client port"),
}

toa.fields = { fields.layout, fields.client, fields.client6, fields.port }

local unusable = ProtoExpert.new("toa.unusable", "An address or port that no client can have",
				 expert.group.PROTOCOL, expert.severity.WARN)
local duplicate = ProtoExpert.new("toa.duplicate", "A second option of a client: the first one counts",
				  expert.group.PROTOCOL, expert.severity.WARN)

toa.experts = { unusable, duplicate }

local get_tcp = Field.new("tcp")
local get_header = Field.new("tcp.hdr_len")
local get_syn = Field.new("tcp.flags.syn")
local get_port = Field.new("tcp.srcport")

-- On SYNs kinds 253 and 254 also carry old Fast Open cookies and SMC offers.
local function is_experiment(option, syn)
	if not syn or option(0, 1):uint() < 253 then
		return false
	end
	return option(2, 2):uint() == 0xf989 or option(2, 4):uint() == 0xe2d4c3d9
end

local function layout_of(option, syn)
	local kind, len = option(0, 1):uint(), option(1, 1):uint()

	for _, layout in ipairs(layouts) do
		if layout[1] == kind and layout[2] == len and not is_experiment(option, syn) and
		   (layout[6] == 0 or layout[6] == option(2, 1):uint()) then
			return layout
		end
	end
	return nil
end

local function is_v4_usable(first)
	return first ~= 0 and first ~= 127 and first < 224
end

local function is_v6_usable(address)
	local hex = address:bytes():tohex():lower()

	if hex:match("^0+[01]$") or hex:match("^ff") or hex:match("^fe[89ab]") then
		return false
	end
	if hex:sub(1, 24) == "00000000000000000000ffff" then
		return is_v4_usable(tonumber(hex:sub(25, 26), 16))
	end
	return true
end

-- Returns the client as text, and whether it can be one.
local function show_client(tree, option, layout)
	local v6 = layout[5] == 6
	local address = option(layout[4], v6 and 16 or 4)

	tree:add(v6 and fields.client6 or fields.client, address)
	if v6 then
		return "[" .. tostring(address:ipv6()) .. "]", is_v6_usable(address)
	end
	return tostring(address:ipv4()), is_v4_usable(address(0, 1):uint())
end

local function show_port(tree, option, layout)
	if layout[3] == 0 then
		local port = get_port().value

		tree:add(fields.port, port):set_generated()
		return port
	end
	tree:add(fields.port, option(layout[3], 2))
	return option(layout[3], 2):uint()
end

local function show(root, option, layout, pinfo, first)
	local name = layout[1] .. "/" .. layout[2]
	local tree = root:add(toa, option)
	tree:add(fields.layout, name):set_generated()
	local client, usable = show_client(tree, option, layout)
	local port = show_port(tree, option, layout)
	local text = "client " .. client .. ":" .. port

	tree:append_text(", " .. text .. ", kind/length " .. name)
	if not usable or port == 0 then
		tree:add_proto_expert_info(unusable)
	end
	if first then
		pinfo.cols.info:append(" [TOA " .. text .. "]")
	else
		tree:add_proto_expert_info(duplicate)
	end
end

-- A postdissector has the whole packet; TCP's own field says where it begins there.
function toa.dissector(tvb, pinfo, root)
	local tcp, header = get_tcp(), get_header()

	if not tcp or not header then
		return
	end
	local syn = get_syn() and get_syn().value
	local at = tcp.offset + 20
	local left = header.value - 20
	local first = true

	while left > 0 and at < tvb:len() do
		local kind = tvb(at, 1):uint()
		local size = 1

		if kind == 0 then
			return
		end
		if kind ~= 1 then
			size = left > 1 and tvb(at + 1, 1):uint() or 0
			if size < 2 or size > left or at + size > tvb:len() then
				return
			end
			local option = tvb(at, size)
			local layout = size >= 6 and layout_of(option, syn)

			if layout then
				show(root, option, layout, pinfo, first)
				first = false
			end
		end
		at = at + size
		left = left - size
	end
end

register_postdissector(toa)
